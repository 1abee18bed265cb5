import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { siteDecider, streamOf } from '#domain';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Takes an agent's key out of use. */
export class RetireAgent extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly site: string,
    readonly agent: string,
    readonly reason: string,
  ) {
    super();
  }
}

@CommandHandler(RetireAgent)
export class RetireAgentHandler implements ICommandHandler<RetireAgent> {
  constructor(private readonly book: Book) {}

  execute({ meta, site, agent, reason }: RetireAgent): Promise<Outcome> {
    const asked = { type: 'retire-agent' as const, site, agent, reason };
    return this.book.act({
      stream: streamOf.site(site), decider: siteDecider, meta, asked, commands: () => [asked],
    });
  }
}
