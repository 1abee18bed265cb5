import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { rolloutDecider, streamOf } from '#domain';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Decides what a rollout does next, from its stream alone. */
export class AdvanceRollout extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly rollout: string,
  ) {
    super();
  }
}

@CommandHandler(AdvanceRollout)
export class AdvanceRolloutHandler implements ICommandHandler<AdvanceRollout> {
  constructor(private readonly book: Book) {}

  execute({ meta, rollout }: AdvanceRollout): Promise<Outcome> {
    const asked = { type: 'advance-rollout' as const, rollout };
    return this.book.act({
      stream: streamOf.rollout(rollout), decider: rolloutDecider, meta, asked, commands: (at) => [{ ...asked, at }], oneOperation: true,
    });
  }
}
