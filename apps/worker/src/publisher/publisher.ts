import type { Pool } from 'pg';
import type { LedgerReader } from '#ledger';
import { inTransaction, moveOn, readStanding } from '#projections';
import type { Lease, Mailbox } from '#projections';
import type { Clock } from '#platform';
import type { Follower } from '../follower.js';
import type { EventPublishing, Sequences } from './events.js';
import type { OrderDelivery } from './orders.js';

const name = 'publisher';
const batch = 500;
/** How often expired letters are thrown away, in milliseconds. */
const tidyMs = 60_000;

/** Kept with the position: how many events each partition has had, so that a reader can see that none is missing. */
interface Memory {
  sequences?: Sequences;
}

export interface PublisherOptions {
  pool: Pool;
  reader: LedgerReader;
  mailbox: Mailbox;
  clock: Clock;
  orders: OrderDelivery;
  /** Absent without Kafka. */
  events?: EventPublishing;
}

/** Leaves each order where its site looks; and with Kafka, publishes every event. */
export function publisher({ pool, reader, mailbox, clock, orders, events }: PublisherOptions): Follower {
  let tidiedAt = 0;
  return {
    name,
    async step(lease: Lease) {
      if (clock.millis() - tidiedAt > tidyMs) {
        tidiedAt = clock.millis();
        await mailbox.forget(clock.now());
      }
      const { position, memory } = await readStanding<Memory>(pool, name);
      const stored = await reader.read(position, batch);
      if (stored.length === 0) return { taken: 0, position };
      await orders.deliver(stored);
      const sequences = (await events?.publish(stored, memory.sequences ?? {})) ?? memory.sequences;
      const to = stored.at(-1)!.position;
      const remembered: Memory = sequences ? { sequences } : {};
      await inTransaction(pool, (client) => moveOn(client, { name, from: position, to, memory: remembered, lease }));
      return { taken: stored.length, position: to };
    },
  };
}
