import type { INestApplication } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ImportCatalogue, refusalText } from '#commands';
import { CatalogueError, loadCatalogues } from '#messaging';
import type { LoadedCatalogue } from '#messaging';
import { newId } from '#platform';
import type { Logger } from '#platform';

/** Records what the catalogue directory says anew. A catalogue that cannot be used is told of; the API serves all the same. */
export async function importCatalogues(app: INestApplication, folder: string, logger: Logger): Promise<void> {
  let catalogues: LoadedCatalogue[];
  try {
    catalogues = loadCatalogues(folder);
  } catch (error) {
    if (!(error instanceof CatalogueError)) throw error;
    for (const { file, line, field, says } of error.problems) logger.error('the catalogue has a mistake', { file, line, field, says });
    return;
  }
  for (const catalogue of catalogues) {
    const meta = { command: newId(), actor: { kind: 'service' as const, ref: 'api' } };
    const outcome = await app.get(CommandBus).execute(new ImportCatalogue(meta, catalogue));
    if (outcome.ok) continue;
    logger.error('a catalogue was refused', { product: catalogue.product, ...refusalText(outcome.refusal) });
  }
}
