import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import kafkajs from 'kafkajs';
import { kafkaPublishing } from '../../../dist/apps/worker/src/kafka/kafka.js';
import { eventPublisher } from '../../../dist/apps/worker/src/publisher/publisher.js';
import { PostgresReader, PostgresShelf } from '../../../dist/libs/ledger/src/index.js';
import { eventsTopic, topicSpecs } from '../../../dist/libs/messaging/src/index.js';
import { ensureTopics, silentLogger } from '../../../dist/libs/platform/src/index.js';
import { takeLease } from '../../../dist/libs/projections/src/index.js';
import { seed } from '../rebuild/seed.mjs';

const bareTopic = 'rollbook.bench.bare';
const topics = { partitions: 12, replication: 1 };
const batch = 500;
const targets = { least: 0.5 };

export async function run(ground, report) {
  const wanted = ground.quick ? { events: 1_000, limitMs: 5_000, rounds: 1 } : { events: 10_000, limitMs: 6_000, rounds: 5 };
  const [database, brokers] = [await ground.database(), await ground.kafka()];
  const pool = await ground.pool(database.worker, 4);
  const events = await seed(new PostgresShelf(pool), wanted);
  const settings = { clientId: 'rollbook-bench', brokers: brokers.split(',') };
  const [spec] = topicSpecs([], topics);
  await ensureTopics(settings, [spec, { ...spec, topic: bareTopic }]);
  const kafka = new kafkajs.Kafka({ ...settings, logLevel: kafkajs.logLevel.NOTHING });
  const ours = await Publisher.open(ground, pool, settings);
  // The first round makes the records that are then sent bare, and is not counted.
  const arrivals = await Arrivals.open(ground, kafka, eventsTopic);
  await ours.publish(pool);
  const records = await arrivals.take(events);
  const bare = await BareSender.open(ground, kafka, records);
  const bareArrivals = await Arrivals.open(ground, kafka, bareTopic);
  await timed(() => bare.send(), bareArrivals, events);
  const [published, sent, ratios] = [[], [], []];
  for (const _ of ground.rounds(wanted.rounds)) {
    published.push(await timed(() => ours.publish(pool), arrivals, events));
    sent.push(await timed(() => bare.send(), bareArrivals, events));
    ratios.push(published.at(-1) / sent.at(-1));
  }
  report.figure('events', [events], { unit: 'events' });
  report.figure('published-per-second', published, { unit: 'events/s' });
  report.figure('bare-per-second', sent, { unit: 'records/s' });
  report.ratio('bare', ratios, targets);
  report.limit('One core of Node limits it, in both ways: it encodes each record with its headers, and the consumer beside it decodes them again.');
  report.limit('Publishing also reads each batch from the ledger, parses its events and moves its position on in a transaction, and never has two sends under way.');
}

/** Events a second from the first read to the last record at the consumer. */
async function timed(work, arrivals, events) {
  const began = performance.now();
  await work();
  await arrivals.take(events);
  return events / ((performance.now() - began) / 1000);
}

/** The service's own follower. */
class Publisher {
  static async open(ground, pool, settings) {
    const made = kafkaPublishing({ settings, topics, logger: silentLogger }, '/rollbook');
    ground.onEnd(() => made.close());
    const follower = eventPublisher({ pool, reader: new PostgresReader(pool), events: made.events });
    return Object.assign(new Publisher(), { follower, lease: await takeLease(pool, follower.name, 'bench', 600) });
  }

  async publish(pool) {
    await pool.query('delete from roll.follower where name = $1', [this.follower.name]);
    while ((await this.follower.step(this.lease)).taken > 0);
  }
}

/** The same records in the same batches by kafkajs itself, waiting for all in-sync replicas as we do. */
class BareSender {
  static async open(ground, kafka, records) {
    const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    ground.onEnd(() => producer.disconnect());
    return Object.assign(new BareSender(), { producer, records });
  }

  async send() {
    for (let i = 0; i < this.records.length; i += batch) {
      await this.producer.send({ topic: bareTopic, acks: -1, messages: this.records.slice(i, i + batch) });
    }
  }
}

/** A consumer beside it that keeps what arrives until it is taken. */
class Arrivals {
  #records = [];
  #wake = () => undefined;

  static async open(ground, kafka, topic) {
    const arrivals = new Arrivals();
    const consumer = kafka.consumer({ groupId: `bench-${randomUUID()}`, maxWaitTimeInMs: 50 });
    await consumer.connect();
    ground.onEnd(() => consumer.disconnect());
    await consumer.subscribe({ topic, fromBeginning: true });
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
    await consumer.run({ eachBatch: ({ batch: { messages } }) => Promise.resolve(arrivals.#add(messages)) });
    await joined;
    return arrivals;
  }

  #add(messages) {
    for (const { key, value, headers } of messages) this.#records.push({ key, value, headers });
    this.#wake();
  }

  /** Resolves with so many records; throws when they do not come. */
  async take(count) {
    const limit = performance.now() + 30_000;
    while (this.#records.length < count) {
      if (performance.now() > limit) throw new Error(`only ${this.#records.length} of ${count} records arrived`);
      await new Promise((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, 1_000);
      });
    }
    return this.#records.splice(0, count);
  }
}
