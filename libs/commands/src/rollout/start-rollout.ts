import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { rolloutDecider, streamOf } from '#domain';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Starts a planned rollout. Naming the plan's digest makes sure that it is the plan that was read. */
export class StartRollout extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly rollout: string,
    readonly digest: string | null,
  ) {
    super();
  }
}

@CommandHandler(StartRollout)
export class StartRolloutHandler implements ICommandHandler<StartRollout> {
  constructor(private readonly book: Book) {}

  execute({ meta, rollout, digest }: StartRollout): Promise<Outcome> {
    const asked = { type: 'start-rollout' as const, rollout, digest };
    return this.book.act({
      stream: streamOf.rollout(rollout), decider: rolloutDecider, meta, asked, commands: (at) => [{ ...asked, at }], oneOperation: true,
    });
  }
}
