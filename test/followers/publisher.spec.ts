import { EnrolAgent } from '#commands';
import { openOrder } from '#messaging';
import type { OutgoingOrder } from '#messaging';
import { partitionOf } from '#platform';
import { Mailbox } from '#projections';
import type { Lease } from '#projections';
import { keyIdOf, newSigningKey, publicKeyPem } from '#proof';
import { EventPublishing } from '../../apps/worker/src/publisher/events.js';
import { OrderLetters, kafkaDelivery, mailboxDelivery } from '../../apps/worker/src/publisher/orders.js';
import { eventPublisher, orderPublisher, publisher } from '../../apps/worker/src/publisher/publisher.js';
import type { Follower } from '../../apps/worker/src/follower.js';
import { firstSeen, groupBy, oneTo } from '../support/topic.js';
import { Workshop } from '../support/workshop.js';

type Sent = { key: string; value: Buffer; headers: { [name: string]: string } };
const partitions = 3;
const key = newSigningKey();
const serviceKeys = new Map([[keyIdOf(key.publicKey), key.publicKey]]);

let workshop: Workshop;
let mailbox: Mailbox;

/** A topic that keeps what it was sent, and may die before it has it, or before it can say so. */
class Topic {
  readonly records: Sent[] = [];
  dies: 'before' | 'after' | undefined;

  readonly send = (records: readonly unknown[]): Promise<void> => {
    const { dies } = this;
    this.dies = undefined;
    if (dies === 'before') return Promise.reject(new Error('the broker is away'));
    this.records.push(...(records as Sent[]));
    return dies === 'after' ? Promise.reject(new Error('no acknowledgement came')) : Promise.resolve();
  };

  get places() {
    return this.records.map(({ key: stream, headers }) => ({
      stream, position: Number(headers['ce_position']), version: Number(headers['ce_streamversion']), sequence: Number(headers['ce_partitionsequence']),
      partition: partitionOf(stream, partitions),
    }));
  }
}

beforeEach(async () => {
  workshop = await Workshop.open();
  mailbox = new Mailbox(workshop.pool);
});
afterEach(() => workshop.close());

const ground = () => ({ pool: workshop.pool, reader: workshop.reader });
const eventsTo = (topic: Topic, read = workshop.reader) =>
  eventPublisher({ ...ground(), reader: read, events: new EventPublishing({ sender: topic, partitionOf: (of) => partitionOf(of, partitions), source: '/test' }) });
const letters = async () => new OrderLetters((await workshop.hire()).book, key);
const toMailbox = async (withKafka = false) => publisher({ ...ground(), mailbox, clock: workshop.clock, orders: mailboxDelivery(await letters(), mailbox, withKafka) });

async function nodes(count: number): Promise<void> {
  await workshop.fleet.importCatalogue();
  for (let i = 1; i <= count; i++) await workshop.fleet.announce(`n-${i}`);
}

/** Rolls out, and returns the order events as the ledger has them. */
async function ordersOf(names: string[]) {
  await workshop.fleet.rollOut(names, { maxUnavailable: names.length });
  return (await workshop.events()).filter((stored) => stored.type === 'step.ordered');
}

const enrol = async (agent: string, channel: 'kafka' | 'pull') => {
  const { publicKey } = newSigningKey();
  await (await workshop.hire()).bus.execute(new EnrolAgent(workshop.fleet.meta(), 'local', { agent, keyId: keyIdOf(publicKey), publicKey: publicKeyPem(publicKey), channel }));
};

describe('the publisher of events', () => {
  const check = (topic: Topic, size: number) => {
    const { places } = topic;
    expect(firstSeen(places, (one) => one.position)).toEqual(oneTo(size));
    for (const [stream, own] of groupBy(places, (one) => one.stream)) {
      expect({ stream, versions: firstSeen(own, (one) => one.version) }).toEqual({ stream, versions: oneTo(Math.max(...own.map((one) => one.version))) });
    }
    for (const own of groupBy(places, (one) => String(one.partition)).values()) {
      expect(firstSeen(own, (one) => one.sequence)).toEqual(oneTo(Math.max(...own.map((one) => one.sequence))));
      // Sent again, an event has the number that it had.
      for (const same of groupBy(own, (one) => String(one.position)).values()) expect(new Set(same.map((one) => one.sequence)).size).toBe(1);
    }
  };

  it('sends the exact bytes of every event, with its place in the headers, and each partition numbered without a gap', async () => {
    await nodes(12);
    const topic = new Topic();
    await workshop.drain(eventsTo(topic), await workshop.lease('publisher:events', 'one'));
    const stored = await workshop.events();
    check(topic, stored.length);
    expect(topic.records.length).toBe(stored.length);
    expect(topic.records.map((record) => record.value)).toEqual(stored.map((one) => one.bytes));
    const last = stored.at(-1)!;
    expect(topic.records.at(-1)!.headers).toMatchObject({
      ce_position: String(last.position), ce_subject: last.stream, ce_streamversion: String(last.version), ce_type: `rollbook.${last.type}`, ce_specversion: '1.0',
    });
    expect(new Set(topic.places.map((one) => one.partition)).size).toBe(partitions);
  });

  it.each(['before', 'after'] as const)('that dies %s the broker has them leaves no gap', async (dies) => {
    const topic = new Topic();
    const lease = await workshop.lease('publisher:events', 'one');
    await workshop.fleet.importCatalogue();
    await workshop.drain(eventsTo(topic), lease);
    for (let round = 1; round <= 4; round++) {
      await workshop.fleet.announce(`n-${round}`);
      topic.dies = dies;
      await expect(eventsTo(topic).step(lease)).rejects.toThrow();
      await workshop.fleet.announce(`m-${round}`);
      await workshop.drain(eventsTo(topic), lease);
    }
    const size = (await workshop.events()).length;
    check(topic, size);
    expect(topic.records.length).toBe(dies === 'before' ? size : size + 4 * 3);
  });

  it('that is stopped while another takes over may send again, and changes neither numbers nor position', async () => {
    await nodes(4);
    const topic = new Topic();
    const old = await workshop.lease('publisher:events', 'old');
    let replaced = false;
    const reader = Object.assign(Object.create(workshop.reader) as Workshop['reader'], {
      read: async (after: number, limit: number) => {
        const stored = await workshop.reader.read(after, Math.min(limit, 5));
        if (!replaced) {
          replaced = true;
          await workshop.drain(eventsTo(topic), await workshop.lease('publisher:events', 'new'));
        }
        return stored;
      },
    });
    await expect(eventsTo(topic, reader).step(old)).rejects.toThrow(/passed to another holder/);
    const size = (await workshop.events()).length;
    expect(topic.records.length).toBe(size + 5);
    check(topic, size);
    expect(await workshop.positionOf('publisher:events')).toBe(size);
  });

  it('that is asked for later begins with the first event', async () => {
    await nodes(2);
    await workshop.drain(await toMailbox(), await workshop.lease('publisher', 'one'));
    const topic = new Topic();
    await workshop.drain(eventsTo(topic), await workshop.lease('publisher:events', 'one'));
    check(topic, (await workshop.events()).length);
  });
});

describe('the publisher of orders', () => {
  it('leaves each order once in the mailbox of its site, signed, in the order of the ledger, also when it dies before it moved on', async () => {
    await nodes(3);
    const ordered = await ordersOf(['n-1', 'n-2', 'n-3']);
    const follower = await toMailbox();
    const lease = await workshop.lease('publisher', 'one');
    const broken: Lease = { ...lease, epoch: lease.epoch + 7 };
    await expect(follower.step(broken)).rejects.toThrow();
    await workshop.drain(follower, lease);
    const waiting = await mailbox.after('local', 0, 1_000);
    expect(waiting.map((letter) => letter.position)).toEqual(ordered.map((stored) => stored.position));
    for (const [i, letter] of waiting.entries()) {
      const opened = openOrder(Buffer.from(letter.message), serviceKeys);
      if (!opened.ok) throw new Error(opened.problem);
      expect(opened.body).toMatchObject({ site: 'local', node: letter.node, position: ordered[i]!.position });
    }
    expect(await mailbox.after('elsewhere', 0, 10)).toEqual([]);
  });

  it('throws away what has expired, and keeps what has not', async () => {
    await nodes(1);
    await ordersOf(['n-1']);
    const lease = await workshop.lease('publisher', 'one');
    await workshop.drain(await toMailbox(), lease);
    const before = (await mailbox.after('local', 0, 1_000)).length;
    await workshop.drain(await toMailbox(), lease);
    expect((await mailbox.after('local', 0, 1_000)).length).toBe(before);
    workshop.clock.advance(24 * 3_600_000);
    await workshop.drain(await toMailbox(), lease);
    expect(await mailbox.after('local', 0, 1_000)).toEqual([]);
  });

  it.each([
    ['nobody', [], [true, false]], ['who pull', ['pull'], [true, false]], ['on Kafka', ['kafka'], [false, true]], ['of both kinds', ['pull', 'kafka'], [true, true]],
  ] as ['nobody', ('pull' | 'kafka')[], [boolean, boolean]][])('sends them where agents look, with agents %s', async (...[, channels, [inMailbox, onTopic]]) => {
    await nodes(1);
    for (const [i, channel] of channels.entries()) await enrol(`a-${i}`, channel);
    const ordered = await ordersOf(['n-1']);
    const sent: OutgoingOrder[] = [];
    const kafka = { orders: { send: (orders: readonly OutgoingOrder[]) => Promise.resolve(void sent.push(...orders)) }, sites: () => Promise.resolve() };
    await workshop.drain(await toMailbox(true), await workshop.lease('publisher', 'one'));
    await workshop.drain(orderPublisher({ ...ground(), orders: kafkaDelivery(await letters(), kafka) }), await workshop.lease('publisher:orders', 'one'));
    expect([(await mailbox.after('local', 0, 1_000)).length, sent.length]).toEqual([inMailbox ? ordered.length : 0, onTopic ? ordered.length : 0]);
  });

  it('fills mailboxes though the broker is away', async () => {
    await nodes(1);
    await enrol('a-1', 'pull');
    await enrol('a-2', 'kafka');
    const ordered = await ordersOf(['n-1']);
    const away = { orders: { send: () => Promise.reject(new Error('away')) }, sites: () => Promise.reject(new Error('away')) };
    const followers: [Follower, Lease][] = [
      [orderPublisher({ ...ground(), orders: kafkaDelivery(await letters(), away) }), await workshop.lease('publisher:orders', 'one')],
      [await toMailbox(true), await workshop.lease('publisher', 'one')],
    ];
    await expect(workshop.drain(...followers[0]!)).rejects.toThrow('away');
    await workshop.drain(...followers[1]!);
    expect((await mailbox.after('local', 0, 1_000)).length).toBe(ordered.length);
    expect(await workshop.positionOf('publisher:orders')).toBe(0);
  });
});
