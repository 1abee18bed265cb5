import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { rolloutDecider, streamOf } from '#domain';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Takes no more nodes until resumed; what is under way is finished. */
export class PauseRollout extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly rollout: string,
    readonly reason: string,
  ) {
    super();
  }
}

@CommandHandler(PauseRollout)
export class PauseRolloutHandler implements ICommandHandler<PauseRollout> {
  constructor(private readonly book: Book) {}

  execute({ meta, rollout, reason }: PauseRollout): Promise<Outcome> {
    const asked = { type: 'pause-rollout' as const, rollout, reason };
    return this.book.act({
      stream: streamOf.rollout(rollout), decider: rolloutDecider, meta, asked, commands: (at) => [{ ...asked, at }], oneOperation: true,
    });
  }
}
