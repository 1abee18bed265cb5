import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { productDecider, streamOf } from '#domain';
import type { MarkName } from '#domain';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Takes a mark off a release before its time. */
export class UnmarkRelease extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly wish: { product: string; version: string; mark: MarkName; reason: string },
  ) {
    super();
  }
}

@CommandHandler(UnmarkRelease)
export class UnmarkReleaseHandler implements ICommandHandler<UnmarkRelease> {
  constructor(private readonly book: Book) {}

  execute({ meta, wish }: UnmarkRelease): Promise<Outcome> {
    const asked = { type: 'unmark-release' as const, ...wish };
    return this.book.act({
      stream: streamOf.product(wish.product), decider: productDecider, meta, asked, commands: (at) => [{ ...asked, at }],
    });
  }
}
