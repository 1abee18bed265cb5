import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { PostgresReader, verifyLedger } from '#ledger';
import type { Verification } from '#ledger';
import { exitCodes, systemClock } from '#platform';
import type { Context } from '../context.js';
import { withDatabaseUrl, withPool } from '../database.js';
import { Progress } from '../render/progress.js';
import { paint } from '../render/style.js';

/** The root of an earlier verification, kept outside the database: a history that was rewritten since does not have it. */
interface KeptRoot {
  size: number;
  root: string;
  keptAt: string;
}

export function ledgerCommands(program: Command, context: () => Context): void {
  program
    .command('ledger')
    .description('the append-only book')
    .command('verify')
    .description('reads the whole ledger and checks it from its own bytes; works with the service down')
    .option('--forget-kept-root', 'does not hold it to the root of the last verification, which is replaced')
    .action(async ({ forgetKeptRoot = false }: { forgetKeptRoot?: boolean }) => {
      const { out, home } = context();
      const { result, kept } = await withDatabaseUrl(context(), 'worker', (url) => verify(url, keptFile(home, url), forgetKeptRoot, out.json));
      out.object(result);
      if (!result.ok) {
        process.exitCode = exitCodes.verificationFailed;
        return out.text(paint('red', `The ledger does NOT verify. Position ${result.position}: ${result.reason}.`));
      }
      const still = kept ? `\nThe root over ${kept.size} events that was kept on ${kept.keptAt} still holds.` : '';
      out.text(`${paint('green', 'The ledger verifies.')} ${result.size} events, root ${result.root}.${still}`);
    });
}

export async function verify(url: string, file: string, forget = false, quiet = false): Promise<{ result: Verification; kept: KeptRoot | undefined }> {
  const kept = !forget && existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as KeptRoot) : undefined;
  const progress = new Progress('Verifying', () => systemClock.millis(), quiet);
  const result = await withPool(url, (pool) =>
    verifyLedger(new PostgresReader(pool), { ...(kept ? { expected: kept } : {}), progress: (done, total) => progress.update(done, total) }),
  );
  progress.end();
  if (result.ok && result.size > 0) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ size: result.size, root: result.root, keptAt: systemClock.now() }));
  }
  return { result, kept };
}

/** One kept root for each database. The port is left out: a database of the home may come up on another. */
export function keptFile(home: string, url: string): string {
  const { hostname, pathname } = new URL(url);
  return join(home, 'kept-roots', `${createHash('sha256').update(`${hostname}${pathname}`).digest('hex').slice(0, 16)}.json`);
}
