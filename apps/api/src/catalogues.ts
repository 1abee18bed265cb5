import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { EnvelopeTooLarge, ImportCatalogue, refusalText } from '#commands';
import { CatalogueError, loadCatalogue } from '#messaging';
import type { LoadedCatalogue } from '#messaging';
import { newId } from '#platform';
import type { Logger } from '#platform';

/**
 * Records what the catalogue directory says anew, product by product. A catalogue that cannot be used is told of; the
 * others are imported and the API serves all the same.
 */
export async function importCatalogues(app: INestApplication, folder: string, logger: Logger): Promise<void> {
  for (const product of productsIn(folder)) {
    const file = join(folder, product, 'product.yaml');
    const catalogue = load(join(folder, product), file, logger);
    if (!catalogue) continue;
    try {
      const meta = { command: newId(), actor: { kind: 'service' as const, ref: 'api' } };
      const outcome = await app.get(CommandBus).execute(new ImportCatalogue(meta, catalogue));
      if (outcome.ok) continue;
      const { code } = outcome.refusal;
      logger.error('a catalogue was refused', { file, product: catalogue.product, code, ...refusalText(outcome.refusal) });
    } catch (error) {
      if (!(error instanceof EnvelopeTooLarge)) throw error;
      logger.error('a catalogue is too large to be recorded', { file, product: catalogue.product, error });
    }
  }
}

/** Folders that are hidden, as those of version control and of mounted volumes are, hold no product. */
function productsIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).filter((one) => !one.name.startsWith('.') && one.name !== 'lost+found');
  return entries.filter((one) => one.isDirectory() || one.isSymbolicLink()).map((one) => one.name).sort();
}

function load(folder: string, file: string, logger: Logger): LoadedCatalogue | undefined {
  try {
    return loadCatalogue(folder);
  } catch (error) {
    const problems = error instanceof CatalogueError ? error.problems : [{ file, line: 0, field: '', says: 'cannot be read', error }];
    for (const problem of problems) logger.error('the catalogue has a mistake', { ...problem });
    return undefined;
  }
}
