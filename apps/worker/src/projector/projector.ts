import type { Pool } from 'pg';
import type { LedgerReader, StoredEvent } from '#ledger';
import { followerOf, projectOn, projections, readStanding } from '#projections';
import type { Lease } from '#projections';
import type { Follower } from '../follower.js';

/** Brings every read model on. Each has its own position; those that stand together share what is read. */
export function projector(pool: Pool, reader: LedgerReader): Follower {
  return {
    name: 'projector',
    async step(lease: Lease) {
      const shared = new SharedReader(reader);
      let taken = 0;
      let position = Number.MAX_SAFE_INTEGER;
      for (const projection of projections) {
        taken += await projectOn(pool, shared, projection, lease);
        position = Math.min(position, (await readStanding(pool, followerOf(projection))).position);
      }
      return { taken, position };
    },
  };
}

/** Remembers the last page for the projections that ask for the same one. */
class SharedReader implements Pick<LedgerReader, 'read'> {
  private last: { after: number; limit: number; page: Promise<StoredEvent[]> } | undefined;

  constructor(private readonly reader: LedgerReader) {}

  read(after: number, limit: number): Promise<StoredEvent[]> {
    if (this.last?.after !== after || this.last.limit !== limit) this.last = { after, limit, page: this.reader.read(after, limit) };
    return this.last.page;
  }
}
