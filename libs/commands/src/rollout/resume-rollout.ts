import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { rolloutDecider, streamOf } from '#domain';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Goes on with a paused rollout. */
export class ResumeRollout extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly rollout: string,
  ) {
    super();
  }
}

@CommandHandler(ResumeRollout)
export class ResumeRolloutHandler implements ICommandHandler<ResumeRollout> {
  constructor(private readonly book: Book) {}

  execute({ meta, rollout }: ResumeRollout): Promise<Outcome> {
    const asked = { type: 'resume-rollout' as const, rollout };
    return this.book.act({
      stream: streamOf.rollout(rollout), decider: rolloutDecider, meta, asked, commands: () => [asked], oneOperation: true,
    });
  }
}
