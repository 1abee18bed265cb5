import type { Pool } from 'pg';
import type { LedgerReader } from '#ledger';
import { inTransaction, moveOn, readStanding } from '#projections';
import type { Lease, Mailbox } from '#projections';
import type { Clock } from '#platform';
import { isOver } from '../follower.js';
import type { Follower } from '../follower.js';
import type { EventPublishing, Sequences } from './events.js';
import type { OrderDelivery } from './orders.js';

const batch = 500;
/** How often expired letters are thrown away, in milliseconds. */
const tidyMs = 60_000;

interface Ground {
  pool: Pool;
  reader: LedgerReader;
}

/** Leaves each order where its site looks. Each way has a follower: a broker that is away holds up no mailbox. */
function orderFollower(name: string, { pool, reader }: Ground, orders: OrderDelivery): Follower {
  return {
    name,
    async step(lease: Lease) {
      const { position } = await readStanding(pool, name);
      const stored = await reader.read(position, batch);
      if (stored.length === 0) return { taken: 0, position };
      await orders.deliver(stored);
      const to = stored.at(-1)!.position;
      await inTransaction(pool, (client) => moveOn(client, { name, from: position, to, lease }));
      return { taken: stored.length, position: to };
    },
  };
}

/** Fills the mailboxes of sites that pull, and throws away what expired there. */
export function publisher({ mailbox, clock, orders, ...ground }: Ground & { mailbox: Mailbox; clock: Clock; orders: OrderDelivery }): Follower {
  const follower = orderFollower('publisher', ground, orders);
  let tidiedAt = 0;
  return {
    ...follower,
    async step(lease: Lease) {
      if (isOver(clock.millis() - tidiedAt, tidyMs)) {
        tidiedAt = clock.millis();
        await mailbox.forget(clock.now());
      }
      return follower.step(lease);
    },
  };
}

/** Sends orders to the sites on Kafka. */
export function orderPublisher({ orders, ...ground }: Ground & { orders: OrderDelivery }): Follower {
  return orderFollower('publisher:orders', ground, orders);
}

/** Kept with the position: how many events each partition has had, so that a reader can see that none is missing. */
interface Memory {
  sequences?: Sequences;
}

/** Publishes every event of the ledger, from the first one on. */
export function eventPublisher({ pool, reader, events }: Ground & { events: EventPublishing }): Follower {
  const name = 'publisher:events';
  return {
    name,
    async step(lease: Lease) {
      const { position, memory } = await readStanding<Memory>(pool, name);
      const stored = await reader.read(position, batch);
      if (stored.length === 0) return { taken: 0, position };
      const sequences = await events.publish(stored, memory.sequences ?? {});
      const to = stored.at(-1)!.position;
      const remembered: Memory = { sequences };
      await inTransaction(pool, (client) => moveOn(client, { name, from: position, to, memory: remembered, lease }));
      return { taken: stored.length, position: to };
    },
  };
}
