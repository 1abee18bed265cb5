import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { nodeDecider, streamOf } from '#domain';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Has a node looked at more often for a while. */
export class WatchNode extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly node: string,
    readonly watch: { everySeconds: number; until: string; purpose: string },
  ) {
    super();
  }
}

@CommandHandler(WatchNode)
export class WatchNodeHandler implements ICommandHandler<WatchNode> {
  constructor(private readonly book: Book) {}

  execute({ meta, node, watch }: WatchNode): Promise<Outcome> {
    const asked = { type: 'watch-node' as const, node, ...watch };
    return this.book.act({ stream: streamOf.node(node), decider: nodeDecider, meta, asked, commands: () => [asked], expect: 'any' });
  }
}
