import type { Pool } from 'pg';
import type { LedgerReader } from '#ledger';
import { inTransaction, moveOn, readStanding } from '../followers/positions.js';
import type { Lease } from '../followers/leases.js';
import { ParkedKeys, readFact } from './fold.js';
import { followerOf } from './projection.js';
import type { Projection } from './projection.js';
import { loadParked, writeParked } from './storage.js';
import { takeAccepted, takeInto } from './take.js';
import { takeUpParked } from './take-up.js';

export const projectorBatch = 500;

/**
 * Brings one projection on by at most one batch; returns how many events it took. Rows and position are written in one
 * transaction under the lease, so that a projector that was replaced changes nothing any more. Where PostgreSQL refuses
 * the rows of a batch, it is taken in smaller parts, and the event that is refused alone parks its key. The first call
 * under a lease takes up again what can be taken now of what was parked before.
 */
export async function projectOn(pool: Pool, reader: Pick<LedgerReader, 'read'>, projection: Projection, lease: Lease, batch = projectorBatch): Promise<number> {
  await takeUpParked(pool, projection, lease);
  const name = followerOf(projection);
  const { position: from } = await readStanding(pool, name);
  const stored = await reader.read(from, batch);
  if (stored.length === 0) return 0;
  const readings = stored.map((event) => readFact(projection, event));
  return takeAccepted(readings, (part, refusal) =>
    inTransaction(pool, async (client) => {
      await moveOn(client, { name, from, to: part.at(-1)!.position, lease });
      const parked = new ParkedKeys(await loadParked(client, projection.name));
      await takeInto(client, projection, parked, part, refusal === undefined ? {} : { refusal });
      await writeParked(client, projection.name, parked.takeChanged());
    }),
  );
}
