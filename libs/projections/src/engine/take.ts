import type { Pool, PoolClient } from 'pg';
import { takeFact } from './fold.js';
import type { ParkedKeys, Reading } from './fold.js';
import type { Projection } from './projection.js';
import { RowSet } from './row-set.js';
import { loadRows, writeRows } from './storage.js';

export interface TakeOptions {
  /** Of the tables that are written, where they are not the live ones. */
  suffix?: string;
  /** Why PostgreSQL refused what these readings would write: nothing is written, and their keys are parked. */
  refusal?: string;
}

/** Folds readings into the stored rows of a projection. */
export async function takeInto(client: Pool | PoolClient, projection: Projection, parked: ParkedKeys, readings: readonly Reading[], options: TakeOptions = {}): Promise<void> {
  const { suffix = '', refusal } = options;
  if (refusal !== undefined) {
    for (const reading of readings) parked.park(keyOf(reading), reading.position, refusal);
    return;
  }
  const rows = new RowSet();
  await loadRows(client, readings.flatMap((reading) => (reading.ok ? reading.reads : [])), rows, suffix);
  for (const reading of readings) takeFact(projection, reading, rows, parked);
  for (const { table, rows: changed } of rows.takeChanged()) await writeRows(client, table, changed, suffix);
}

function keyOf(reading: Reading): string {
  return reading.ok ? (reading.key ?? reading.fact.stream) : reading.stream;
}

/**
 * Takes as many of the readings, from the first on, as PostgreSQL accepts together; returns how many. What `take` does
 * MUST be all or nothing. A reading that is refused even alone is given to `take` once more, with the refusal.
 */
export async function takeAccepted(readings: readonly Reading[], take: (part: readonly Reading[], refusal?: string) => Promise<void>): Promise<number> {
  for (let count = readings.length; ; count = Math.ceil(count / 2)) {
    const part = readings.slice(0, count);
    try {
      await take(part);
      return count;
    } catch (error) {
      if (!isRefusedData(error)) throw error;
      if (count > 1) continue;
      await take(part, error.message);
      return 1;
    }
  }
}

/** SQLSTATE classes 22 (data exception), 23 (integrity) and 54 (limits): the same rows will be refused again. */
export function isRefusedData(error: unknown): error is Error {
  return error instanceof Error && /^(22|23|54)/.test((error as { code?: string }).code ?? '');
}
