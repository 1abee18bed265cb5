import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { rolloutDecider, streamOf } from '#domain';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Takes no more nodes for good; nodes under way end after their step, and go back if they were changed. */
export class AbortRollout extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly rollout: string,
    readonly reason: string,
  ) {
    super();
  }
}

@CommandHandler(AbortRollout)
export class AbortRolloutHandler implements ICommandHandler<AbortRollout> {
  constructor(private readonly book: Book) {}

  execute({ meta, rollout, reason }: AbortRollout): Promise<Outcome> {
    const asked = { type: 'abort-rollout' as const, rollout, reason };
    return this.book.act({
      stream: streamOf.rollout(rollout), decider: rolloutDecider, meta, asked, commands: () => [asked], oneOperation: true,
    });
  }
}
