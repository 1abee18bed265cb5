import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { rolloutDecider, streamOf } from '#domain';
import type { Scope } from '#domain';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Takes the nodes of an ended rollout back to where they came from: all, those of a wave, or some. */
export class RollBackRollout extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly rollout: string,
    readonly reason: string,
    readonly scope: Scope = null,
  ) {
    super();
  }
}

@CommandHandler(RollBackRollout)
export class RollBackRolloutHandler implements ICommandHandler<RollBackRollout> {
  constructor(private readonly book: Book) {}

  execute({ meta, rollout, reason, scope }: RollBackRollout): Promise<Outcome> {
    const asked = { type: 'roll-back-rollout' as const, rollout, reason, scope };
    return this.book.act({
      stream: streamOf.rollout(rollout), decider: rolloutDecider, meta, asked, commands: () => [asked], oneOperation: true,
    });
  }
}
