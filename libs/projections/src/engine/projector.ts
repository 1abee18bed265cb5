import type { Pool } from 'pg';
import type { LedgerReader } from '#ledger';
import { inTransaction, moveOn, readStanding } from '../followers/positions.js';
import type { Lease } from '../followers/leases.js';
import { ParkedKeys, readFact, takeFact } from './fold.js';
import type { Reading } from './fold.js';
import type { Projection } from './projection.js';
import { RowSet } from './row-set.js';
import { loadParked, loadRows, writeParked, writeRows } from './storage.js';

/** Name under which a projection's position is kept. */
export const followerOf = (projection: Projection) => `projection:${projection.name}`;

export const projectorBatch = 500;

/**
 * Brings one projection on by at most one batch; returns how many events it took. Rows and position are written in one
 * transaction under the lease, so that a projector that was replaced changes nothing any more. Where PostgreSQL refuses
 * the rows of a batch, its events go one by one, and the one that is refused parks its key.
 */
export async function projectOn(pool: Pool, reader: Pick<LedgerReader, 'read'>, projection: Projection, lease: Lease): Promise<number> {
  const { position } = await readStanding(pool, followerOf(projection));
  const stored = await reader.read(position, projectorBatch);
  if (stored.length === 0) return 0;
  const step: Step = { projection, lease, from: position, readings: stored.map(readFact), to: stored.at(-1)!.position };
  try {
    await take(pool, step);
    return stored.length;
  } catch (error) {
    if (!isRefusedData(error)) throw error;
  }
  const single: Step = { ...step, readings: step.readings.slice(0, 1), to: stored[0]!.position };
  try {
    await take(pool, single);
  } catch (error) {
    if (!isRefusedData(error)) throw error;
    await take(pool, single, error.message);
  }
  return 1;
}

interface Step {
  projection: Projection;
  lease: Lease;
  from: number;
  to: number;
  readings: Reading[];
}

async function take(pool: Pool, { projection, lease, from, to, readings }: Step, parkFor?: string): Promise<void> {
  await inTransaction(pool, async (client) => {
    await moveOn(client, { name: followerOf(projection), from, to, lease });
    const parked = new ParkedKeys(await loadParked(client, projection.name));
    const rows = new RowSet();
    const facts = readings.flatMap((one) => (one.ok && projection.keyOf(one.fact) !== undefined ? [one.fact] : []));
    await loadRows(client, facts.flatMap((fact) => projection.reads(fact)), rows);
    for (const reading of readings) {
      if (parkFor === undefined || !reading.ok) takeFact(projection, reading, rows, parked);
      else parked.park(projection.keyOf(reading.fact)!, reading.fact.position, parkFor);
    }
    for (const { table, rows: changed } of rows.takeChanged()) await writeRows(client, table, changed);
    await writeParked(client, projection.name, parked.takeChanged());
  });
}

/** SQLSTATE classes 22 (data exception), 23 (integrity) and 54 (limits): the same rows will be refused again. */
function isRefusedData(error: unknown): error is Error {
  return error instanceof Error && /^(22|23|54)/.test((error as { code?: string }).code ?? '');
}
