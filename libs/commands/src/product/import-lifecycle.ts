import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { lifecycleDecider, streamOf } from '#domain';
import type { Lifecycle } from '#domain';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Records what is new in the life cycle of a product that others look after. */
export class ImportLifecycle extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly lifecycle: Lifecycle,
  ) {
    super();
  }
}

@CommandHandler(ImportLifecycle)
export class ImportLifecycleHandler implements ICommandHandler<ImportLifecycle> {
  constructor(private readonly book: Book) {}

  execute({ meta, lifecycle }: ImportLifecycle): Promise<Outcome> {
    const command = { type: 'import-lifecycle' as const, lifecycle };
    return this.book.act({ stream: streamOf.lifecycle(lifecycle.product), decider: lifecycleDecider, meta, asked: command, commands: () => [command] });
  }
}
