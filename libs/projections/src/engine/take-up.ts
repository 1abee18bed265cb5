import type { Pool } from 'pg';
import { PostgresReader } from '#ledger';
import type { Lease } from '../followers/leases.js';
import { begin } from '../followers/positions.js';
import { ParkedKeys, readFact } from './fold.js';
import type { Parked } from './fold.js';
import type { Projection } from './projection.js';
import { RebuildRunning, rebuild } from './rebuild.js';
import { loadParked } from './storage.js';
import { isRefusedData, takeInto } from './take.js';

/** The epoch of the lease under which what a projection has parked was last looked at, in this process. */
const looked = new WeakMap<Pool, Map<string, number>>();
/** Keys that are tried; when none of so many can be taken, the others will hardly be. */
const triesMax = 100;

/**
 * A newer program may understand what an older one had to park. Once for each lease: when the event of a parked key can
 * be taken now, the projection is rebuilt, which brings in that event and all that waited behind it, in their order.
 */
export async function takeUpParked(pool: Pool, projection: Projection, lease: Lease): Promise<void> {
  const epochs = looked.get(pool) ?? new Map<string, number>();
  looked.set(pool, epochs);
  if (epochs.get(projection.name) === lease.epoch) return;
  // First, so that trouble below is told of once and does not keep the projection from going on.
  epochs.set(projection.name, lease.epoch);
  const parked = await loadParked(pool, projection.name);
  for (const one of parked.slice(0, triesMax)) {
    if (!(await canTake(pool, projection, one))) continue;
    await rebuild(pool, new PostgresReader(pool), projection, {}).catch((error: unknown) => {
      if (!(error instanceof RebuildRunning)) throw error;
    });
    return;
  }
}

/** Tries the event that a key is parked for against the live rows, and takes that back. */
async function canTake(pool: Pool, projection: Projection, { position }: Parked): Promise<boolean> {
  const [stored] = await new PostgresReader(pool).read(position - 1, 1);
  const reading = stored && readFact(projection, stored);
  if (!reading?.ok) return false;
  const client = await pool.connect();
  const parked = new ParkedKeys();
  try {
    await begin(client);
    await takeInto(client, projection, parked, [reading]);
    return parked.all().length === 0;
  } catch (error) {
    if (!isRefusedData(error)) throw error;
    return false;
  } finally {
    // A connection whose rollback fails is of no more use to anybody.
    await client.query('rollback').then(() => client.release(), (failed: Error) => client.release(failed));
  }
}
