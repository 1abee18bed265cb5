import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { rolloutDecider, streamOf } from '#domain';
import type { RolloutWait } from '#domain';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Ends a wait of a rollout whose deadline has passed. */
export class ExpireWait extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly rollout: string,
    readonly wait: RolloutWait,
  ) {
    super();
  }
}

@CommandHandler(ExpireWait)
export class ExpireWaitHandler implements ICommandHandler<ExpireWait> {
  constructor(private readonly book: Book) {}

  execute({ meta, rollout, wait }: ExpireWait): Promise<Outcome> {
    const asked = { type: 'expire-wait' as const, rollout, wait };
    return this.book.act({
      stream: streamOf.rollout(rollout), decider: rolloutDecider, meta, asked, commands: (at) => [{ ...asked, at }], oneOperation: true,
    });
  }
}
