import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { rolloutDecider, streamOf } from '#domain';
import type { Outcome as NodeOutcome, Result } from '#domain';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Records how a node's part in a rollout ended. */
export class SettleNode extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly rollout: string,
    readonly node: string,
    readonly outcome: NodeOutcome,
    readonly result: Result | null,
    readonly reason: string | null,
  ) {
    super();
  }
}

@CommandHandler(SettleNode)
export class SettleNodeHandler implements ICommandHandler<SettleNode> {
  constructor(private readonly book: Book) {}

  execute({ meta, rollout, node, outcome, result, reason }: SettleNode): Promise<Outcome> {
    const asked = { type: 'settle-node' as const, rollout, node, outcome, result, reason };
    return this.book.act({
      stream: streamOf.rollout(rollout), decider: rolloutDecider, meta, asked, commands: () => [asked], expect: 'any', oneOperation: true,
    });
  }
}
