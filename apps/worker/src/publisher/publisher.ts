import type { Pool } from 'pg';
import type { Book } from '#commands';
import { decode } from '#commands';
import { siteDecider, streamOf } from '#domain';
import type { ChannelKind, DomainEvent } from '#domain';
import { eventId } from '#ledger';
import type { LedgerReader, StoredEvent } from '#ledger';
import { cloudEventRecord, eventsTopic, sealOrder } from '#messaging';
import type { OrderSender, OutgoingOrder, RecordSender } from '#messaging';
import { inTransaction, moveOn, readStanding } from '#projections';
import type { Lease, Mailbox } from '#projections';
import type { SigningKey } from '#proof';
import { keyIdOf } from '#proof';
import type { Clock } from '#platform';
import type { Follower } from '../follower.js';

const name = 'publisher';
const batch = 500;
/** How often expired letters are thrown away, in milliseconds. */
const tidyMs = 60_000;

export interface KafkaPublishing {
  orders: OrderSender;
  events: RecordSender;
  /** The partition that a key falls into, of as many as the topic of events has. */
  partitionOf(key: string): number;
  /** Called before the first record of a site: its topics must be there. */
  sites(sites: readonly string[]): Promise<void>;
}

/** Kept with the position: how many events each partition has had, so that a reader can see that none is missing. */
interface Memory {
  sequences?: { [partition: string]: number };
}

/** Signs each order and leaves it where its site looks; and with Kafka, publishes every event. */
export function publisher(options: {
  pool: Pool;
  reader: LedgerReader;
  book: Book;
  mailbox: Mailbox;
  key: SigningKey;
  clock: Clock;
  /** CloudEvents source: which book these events are from. */
  source: string;
  kafka?: KafkaPublishing;
}): Follower {
  const { pool, reader, book, mailbox, key, clock, source, kafka } = options;
  const keyId = keyIdOf(key.privateKey);
  let tidiedAt = 0;

  async function channelsOf(site: string): Promise<Set<ChannelKind>> {
    const { state } = await book.state(siteDecider, streamOf.site(site));
    return new Set([...state.agents.values()].map((agent) => agent.channel));
  }

  async function deliver(orders: readonly OutgoingOrder[], expiry: ReadonlyMap<number, string>): Promise<void> {
    const sites = [...new Set(orders.map((order) => order.site))];
    const channels = new Map<string, Set<ChannelKind>>();
    for (const site of sites) channels.set(site, await channelsOf(site));
    const viaKafka = kafka ? orders.filter((order) => channels.get(order.site)!.has('kafka')) : [];
    // A site whose agents are not yet enrolled may still pull.
    const letters = orders.filter((order) => !viaKafka.includes(order) || channels.get(order.site)!.has('pull'));
    await mailbox.put(letters.map(({ site, position, node, bytes }) => ({ site, position, node, message: bytes.toString('utf8'), expiresAt: expiry.get(position)! })));
    if (viaKafka.length === 0) return;
    await kafka!.sites([...new Set(viaKafka.map((order) => order.site))]);
    await kafka!.orders.send(viaKafka);
  }

  async function publishEvents(stored: readonly StoredEvent[], memory: Memory): Promise<Memory> {
    if (!kafka) return memory;
    const sequences = { ...memory.sequences };
    const records = stored.map((one) => {
      const { envelope } = decode(one);
      const partition = kafka.partitionOf(one.stream);
      const sequence = (sequences[partition] ?? 0) + 1;
      sequences[partition] = sequence;
      const { position, stream, version, type, bytes } = one;
      const { correlation, causation } = envelope;
      const event = { id: eventId(one), type, stream, version, position, recordedAt: envelope._ledger.recordedAt, correlation, causation, bytes };
      return cloudEventRecord(event, { topic: eventsTopic, source, partitionSequence: sequence });
    });
    await kafka.events.send(records);
    return { sequences };
  }

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
      const orders: OutgoingOrder[] = [];
      const expiry = new Map<number, string>();
      for (const one of stored) {
        const { event, envelope } = decode(one);
        if (event.type !== 'step.ordered') continue;
        orders.push({ site: event.data.site, node: event.data.node, position: one.position, bytes: seal(event, one.position, envelope.occurredAt) });
        expiry.set(one.position, event.data.acceptBy);
      }
      if (orders.length > 0) await deliver(orders, expiry);
      const remembered = await publishEvents(stored, memory);
      const to = stored.at(-1)!.position;
      await inTransaction(pool, (client) => moveOn(client, { name, from: position, to, memory: remembered, lease }));
      return { taken: stored.length, position: to };
    },
  };

  function seal({ data }: Extract<DomainEvent, { type: 'step.ordered' }>, position: number, issuedAt: string): Buffer {
    const { order, site, node, product, rollout, phase, epoch, runbook, digest, step, parameters, timeoutSeconds, acceptBy } = data;
    return sealOrder(
      { order, site, node, product, rollout, phase, epoch, runbook, digest, step, parameters, timeoutSeconds, issuedAt, expiresAt: acceptBy, position },
      key.privateKey,
      keyId,
    );
  }
}
