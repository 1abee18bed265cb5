import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { nodeDecider, streamOf } from '#domain';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Begins to take a node back from an upgrade that ended. */
export class StartRollback extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly node: string,
    readonly rollout: string,
    readonly reason: string,
  ) {
    super();
  }
}

@CommandHandler(StartRollback)
export class StartRollbackHandler implements ICommandHandler<StartRollback> {
  constructor(private readonly book: Book) {}

  execute({ meta, node, rollout, reason }: StartRollback): Promise<Outcome> {
    const asked = { type: 'start-rollback' as const, node, rollout, reason };
    return this.book.act({
      stream: streamOf.node(node), decider: nodeDecider, meta, asked, commands: (at) => [{ ...asked, at }],
    });
  }
}
