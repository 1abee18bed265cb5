import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { nodeDecider, streamOf } from '#domain';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Ends the wait for a person once its deadline has passed: what nobody accepted is rejected. */
export class ExpireReview extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly node: string,
    readonly order: string,
  ) {
    super();
  }
}

@CommandHandler(ExpireReview)
export class ExpireReviewHandler implements ICommandHandler<ExpireReview> {
  constructor(private readonly book: Book) {}

  execute({ meta, node, order }: ExpireReview): Promise<Outcome> {
    const asked = { type: 'expire-review' as const, node, order };
    return this.book.act({
      stream: streamOf.node(node), decider: nodeDecider, meta, asked, commands: (at) => [{ ...asked, at }],
    });
  }
}
