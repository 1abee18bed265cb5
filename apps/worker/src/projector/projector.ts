import type { Pool } from 'pg';
import type { LedgerReader, StoredEvent } from '#ledger';
import { LeaseLost, followerOf, projectOn, projections, readStanding } from '#projections';
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
      const troubles: unknown[] = [];
      for (const projection of projections) {
        try {
          taken += await projectOn(pool, shared, projection, lease);
          position = Math.min(position, (await readStanding(pool, followerOf(projection))).position);
        } catch (error) {
          // A read model in trouble holds up none of the others; a lost lease ends them all.
          if (error instanceof LeaseLost) throw error;
          troubles.push(new Error(`${projection.name} cannot go on`, { cause: error }));
        }
      }
      if (troubles.length > 0) throw troubles.length === 1 ? troubles[0] : new AggregateError(troubles, 'read models cannot go on');
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
