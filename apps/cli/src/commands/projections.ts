import type { Command } from 'commander';
import { PostgresReader } from '#ledger';
import { exitCodes, systemClock } from '#platform';
import type { Projection } from '#projections';
import type { Context } from '../context.js';
import { loadProjections, withDatabaseUrl, withPool } from '../database.js';
import { usage } from '../exit.js';
import { Progress } from '../render/progress.js';
import { paint } from '../render/style.js';
import { table } from '../render/table.js';

/** Written out for the help, which shall not wait for the read models to be loaded. */
export const names = ['fleet', 'history', 'products', 'rollouts', 'certification', 'reviews'];

export function projectionCommands(program: Command, context: () => Context): void {
  program
    .command('projections')
    .description('read models, which can always be rebuilt from the ledger')
    .command('rebuild')
    .argument('[name]', `one of ${names.join(', ')}`)
    .option('--all', 'every projection')
    .option('--check', 'only compares the rebuilt rows with the live ones; exit code 5 when they differ')
    .description('folds the ledger into new tables, compares them with the live ones, and swaps; works with the service down')
    .action(async (name: string | undefined, { all = false, check = false }: { all?: boolean; check?: boolean }) => {
      const { projections, rebuild } = await loadProjections();
      const chosen = choose(projections, name, all);
      const { out } = context();
      const reports = await withDatabaseUrl(context(), 'worker', (url) => withPool(url, async (pool) => {
        const done = [];
        for (const projection of chosen) {
          const progress = new Progress(projection.name.padEnd(14), () => systemClock.millis(), out.json);
          const report = await rebuild(pool, new PostgresReader(pool), projection, {
            checkOnly: check, millis: () => systemClock.millis(), progress: (at, total) => progress.update(at, total),
          });
          progress.end();
          out.object(report);
          done.push(report);
        }
        return done;
      }));
      out.text(table(['PROJECTION', 'EVENTS', 'ROWS', 'DIFFERING', 'SET ASIDE', 'SECONDS', 'DONE'], reports.map((report) => [
        report.projection, String(report.events), String(report.rows), report.differing === null ? '-' : report.differing === 0 ? paint('green', '0') : paint('red', String(report.differing)),
        String(report.parked), report.seconds.toFixed(1), report.swapped ? 'rebuilt' : 'compared',
      ])));
      if (check && reports.some((report) => (report.differing ?? 0) > 0)) process.exitCode = exitCodes.verificationFailed;
    });
}

function choose(projections: readonly Projection[], name: string | undefined, all: boolean): readonly Projection[] {
  if (all === (name !== undefined)) throw usage(`name a projection (${names.join(', ')}), or say --all`);
  if (all) return projections;
  const found = projections.find((projection) => projection.name === name);
  if (!found) throw usage(`there is no projection ${name}; there are ${names.join(', ')}`);
  return [found];
}
