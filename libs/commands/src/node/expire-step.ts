import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { nodeDecider, streamOf } from '#domain';
import { Book } from '../book/book.js';
import { withCause } from '../book/outcome.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Ends the wait for an order's acceptance or report once its deadline has passed. */
export class ExpireStep extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly node: string,
    readonly order: string,
    readonly wait: 'acceptance' | 'report',
  ) {
    super();
  }
}

@CommandHandler(ExpireStep)
export class ExpireStepHandler implements ICommandHandler<ExpireStep> {
  constructor(private readonly book: Book) {}

  async execute({ meta, node, order, wait }: ExpireStep): Promise<Outcome> {
    const cause = await this.book.orderOf(node, order);
    const asked = { type: 'expire-step' as const, node, order, wait };
    return this.book.act({
      stream: streamOf.node(node), decider: nodeDecider, meta: withCause(meta, cause), asked, commands: (at) => [{ ...asked, at }],
    });
  }
}
