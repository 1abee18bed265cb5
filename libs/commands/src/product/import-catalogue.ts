import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { productDecider, refuse, streamOf } from '#domain';
import type { Catalogue } from '#domain';
import { digestOf } from '#ledger';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Records what a product's catalogue says anew. */
export class ImportCatalogue extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly catalogue: Catalogue,
  ) {
    super();
  }
}

@CommandHandler(ImportCatalogue)
export class ImportCatalogueHandler implements ICommandHandler<ImportCatalogue> {
  constructor(private readonly book: Book) {}

  execute({ meta, catalogue }: ImportCatalogue): Promise<Outcome> {
    const wrong = catalogue.runbooks.find((one) => digestOf(one.content) !== one.digest);
    if (wrong) return Promise.resolve({ ok: false, ...refuse('runbook-digest-mismatch', { runbook: wrong.runbook }) });
    return this.book.act({
      stream: streamOf.product(catalogue.product), decider: productDecider, meta, asked: { type: 'import-catalogue', catalogue },
      commands: (at) => [{ type: 'import-catalogue' as const, catalogue, at }],
    });
  }
}
