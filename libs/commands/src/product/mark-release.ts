import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { productDecider, streamOf } from '#domain';
import type { MarkName } from '#domain';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Marks a release as bad, so that no plan leads there, or pins its product to it. */
export class MarkRelease extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly wish: { product: string; version: string; mark: MarkName; reason: string; until: string | null },
  ) {
    super();
  }
}

@CommandHandler(MarkRelease)
export class MarkReleaseHandler implements ICommandHandler<MarkRelease> {
  constructor(private readonly book: Book) {}

  execute({ meta, wish }: MarkRelease): Promise<Outcome> {
    const asked = { type: 'mark-release' as const, ...wish };
    return this.book.act({
      stream: streamOf.product(wish.product), decider: productDecider, meta, asked, commands: (at) => [{ ...asked, at }],
    });
  }
}
