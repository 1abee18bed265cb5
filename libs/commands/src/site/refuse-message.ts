import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { siteDecider, streamOf } from '#domain';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Records that a message of a site's channel could not be trusted or read. */
export class RefuseMessage extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly site: string,
    readonly agent: string | null,
    readonly reason: string,
    readonly sha256: string,
    readonly bytes: number,
  ) {
    super();
  }
}

@CommandHandler(RefuseMessage)
export class RefuseMessageHandler implements ICommandHandler<RefuseMessage> {
  constructor(private readonly book: Book) {}

  execute({ meta, site, agent, reason, sha256, bytes }: RefuseMessage): Promise<Outcome> {
    const asked = { type: 'refuse-message' as const, site, agent, reason, sha256, bytes };
    return this.book.act({
      stream: streamOf.site(site), decider: siteDecider, meta, asked, commands: () => [asked], expect: 'any',
    });
  }
}
