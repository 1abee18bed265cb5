import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { nodeDecider, streamOf } from '#domain';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Decides the next order of a node's passage, or its end. */
export class AdvancePassage extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly node: string,
  ) {
    super();
  }
}

@CommandHandler(AdvancePassage)
export class AdvancePassageHandler implements ICommandHandler<AdvancePassage> {
  constructor(private readonly book: Book) {}

  execute({ meta, node }: AdvancePassage): Promise<Outcome> {
    const asked = { type: 'advance-passage' as const, node };
    return this.book.act({
      stream: streamOf.node(node), decider: nodeDecider, meta, asked, commands: (at) => [{ ...asked, at }],
    });
  }
}
