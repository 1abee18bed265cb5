import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { nodeDecider, streamOf } from '#domain';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Makes a node known, or its labels new. */
export class RegisterNode extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly node: string,
    readonly site: string,
    readonly product: string,
    readonly labels: { [name: string]: string },
  ) {
    super();
  }
}

@CommandHandler(RegisterNode)
export class RegisterNodeHandler implements ICommandHandler<RegisterNode> {
  constructor(private readonly book: Book) {}

  execute({ meta, node, site, product, labels }: RegisterNode): Promise<Outcome> {
    const asked = { type: 'register-node' as const, node, site, product, labels };
    return this.book.act({
      stream: streamOf.node(node), decider: nodeDecider, meta, asked, commands: () => [asked],
    });
  }
}
