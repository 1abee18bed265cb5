import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { nodeDecider, streamOf } from '#domain';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Asks a node's upgrade to end after the step under way. */
export class StopUpgrade extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly node: string,
    readonly rollout: string,
    readonly reason: string,
  ) {
    super();
  }
}

@CommandHandler(StopUpgrade)
export class StopUpgradeHandler implements ICommandHandler<StopUpgrade> {
  constructor(private readonly book: Book) {}

  execute({ meta, node, rollout, reason }: StopUpgrade): Promise<Outcome> {
    const asked = { type: 'stop-upgrade' as const, node, rollout, reason };
    return this.book.act({
      stream: streamOf.node(node), decider: nodeDecider, meta, asked, commands: (at) => [{ ...asked, at }],
    });
  }
}
