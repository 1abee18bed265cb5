import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { siteDecider, streamOf } from '#domain';
import type { EnrolledAgent } from '#domain';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Makes the key of an agent known, by which its reports are believed. */
export class EnrolAgent extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly site: string,
    readonly agent: EnrolledAgent,
  ) {
    super();
  }
}

@CommandHandler(EnrolAgent)
export class EnrolAgentHandler implements ICommandHandler<EnrolAgent> {
  constructor(private readonly book: Book) {}

  execute({ meta, site, agent }: EnrolAgent): Promise<Outcome> {
    const asked = { type: 'enrol-agent' as const, site, agent };
    return this.book.act({
      stream: streamOf.site(site), decider: siteDecider, meta, asked, commands: () => [asked],
    });
  }
}
