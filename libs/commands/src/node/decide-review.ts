import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { nodeDecider, streamOf } from '#domain';
import { Book } from '../book/book.js';
import { withCause } from '../book/outcome.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** A person's word on what a step showed. */
export class DecideReview extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly node: string,
    /** The order whose output was looked at. */
    readonly order: string,
    readonly accept: boolean,
    readonly reason: string | null,
  ) {
    super();
  }
}

@CommandHandler(DecideReview)
export class DecideReviewHandler implements ICommandHandler<DecideReview> {
  constructor(private readonly book: Book) {}

  async execute({ meta, node, order, accept, reason }: DecideReview): Promise<Outcome> {
    const cause = await this.book.orderOf(node, order);
    const asked = { type: 'decide-review' as const, node, order, accept, reason };
    return this.book.act({
      stream: streamOf.node(node), decider: nodeDecider, meta: withCause(meta, cause), asked, commands: (at) => [{ ...asked, at }],
    });
  }
}
