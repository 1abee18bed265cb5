import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { nodeDecider, streamOf } from '#domain';
import { Book } from '../book/book.js';
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

  execute({ meta, node, order, wait }: ExpireStep): Promise<Outcome> {
    const asked = { type: 'expire-step' as const, node, order, wait };
    return this.book.act({
      stream: streamOf.node(node), decider: nodeDecider, meta, asked, commands: (at) => [{ ...asked, at }], causedBy: 'step.ordered',
    });
  }
}
