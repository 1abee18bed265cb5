import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { KafkaReceiver, KafkaSender, lag, partitionOf } from '../../../libs/platform/src/kafka/index.js';
import type {
  BatchControl,
  KafkaReceiverOptions,
  ReceivedRecord,
} from '../../../libs/platform/src/kafka/index.js';
import { bareKafka, barePartitioner } from '../../support/kafka-bare.js';
import { describeWithKafka, eventually, keepingLogger, newTopic, texts } from '../../support/kafka.js';

describeWithKafka('Kafka receiver', {}, (kafka) => {
  const started: KafkaReceiver[] = [];
  const logger = keepingLogger();
  const newReceiver = (
    over: Partial<KafkaReceiverOptions> & Pick<KafkaReceiverOptions, 'topics' | 'onBatch'>,
  ) => {
    const onDead = (error: Error) => void logger.lines.push(`dead ${error.message}`);
    const receiver = new KafkaReceiver({
      settings: kafka.settings,
      logger,
      groupId: `group-${randomUUID()}`,
      onDead,
      pauseMs: 50,
      backoff: { firstMs: 50, maxMs: 200 },
      times: { maxWaitMs: 200 },
      requestRetry: { retries: 20, firstPauseMs: 50, maxPauseMs: 200 },
      ...over,
    });
    started.push(receiver);
    return receiver;
  };
  const send = async (topic: string, values: string[], key = 'one') => {
    const sender = new KafkaSender({ settings: kafka.settings, logger });
    await sender.send(values.map((value) => ({ topic, key, value: Buffer.from(value) })));
    await sender.close();
  };
  const collect = (into: ReceivedRecord[]) => (records: ReceivedRecord[]) => {
    into.push(...records);
    return Promise.resolve(records.length);
  };
  const numbers = (count: number, prefix = '') => Array.from({ length: count }, (_, at) => `${prefix}${at}`);
  const joins = () => logger.lines.filter((line) => line.includes('Kafka group joined')).length;
  const lagOf = async (groupId: string, topic: string) =>
    (await lag(kafka.settings, groupId, [topic])).reduce((sum, one) => sum + one.lag, 0);

  beforeEach(() => void logger.lines.splice(0));
  afterEach(async () => {
    await Promise.all(started.splice(0).map((receiver) => receiver.stop(500)));
  });

  it('delivers from the first record on, in order, in batches of at most batchMax, and commits', async () => {
    const topic = await newTopic(kafka);
    const groupId = `group-${randomUUID()}`;
    await send(topic, numbers(25));
    const seen: ReceivedRecord[] = [];
    const sizes: number[] = [];
    const onBatch = (records: ReceivedRecord[]) => {
      sizes.push(records.length);
      return collect(seen)(records);
    };
    await newReceiver({ groupId, topics: [topic], onBatch, batchMax: 10 }).start();
    await eventually('25 records', () => seen.length === 25);
    expect(texts(seen)).toEqual(numbers(25));
    expect(seen.map(({ offset }) => offset)).toEqual(numbers(25).map(Number));
    expect(sizes).toEqual([10, 10, 5]);
    await eventually('a commit', async () => (await lagOf(groupId, topic)) === 0);
  });

  it('delivers whatever a stranger wrote', async () => {
    const topic = await newTopic(kafka);
    const producer = bareKafka(kafka.brokers).producer({ createPartitioner: barePartitioner });
    await producer.connect();
    const junk = Buffer.from([0xff, 0x00, 0xfe]);
    const headers = { twice: ['a', 'b'], raw: junk };
    await producer.send({
      topic,
      messages: [{ value: null }, { key: junk, value: junk }, { value: '', headers }],
    });
    await producer.disconnect();
    const seen: ReceivedRecord[] = [];
    await newReceiver({ topics: [topic], onBatch: collect(seen) }).start();
    await eventually('3 records', () => seen.length === 3);
    expect(seen.map(({ key, value }) => [key, value])).toEqual([
      [null, null],
      ['\ufffd\u0000\ufffd', junk],
      [null, Buffer.alloc(0)],
    ]);
    expect(seen[2]!.headers).toEqual({ twice: 'b', raw: '\ufffd\u0000\ufffd' });
  });

  it('goes on with the other partitions while a handler fails on one, without a rebalance', async () => {
    const topic = await newTopic(kafka, 2);
    let poisoned = true;
    const seen: ReceivedRecord[] = [];
    const attempts: number[] = [];
    const onBatch = (records: ReceivedRecord[]) => {
      if (poisoned && records.some(({ value }) => value?.toString() === 'poison')) {
        attempts.push(performance.now());
        return Promise.reject(new Error('cannot take this'));
      }
      return collect(seen)(records);
    };
    await newReceiver({ topics: [topic], onBatch }).start();
    await send(topic, ['poison', 'behind'], keyFor(0, 2));
    for (let at = 0; at < 20; at++) await send(topic, [`other-${at}`], keyFor(1, 2));
    await eventually('the other partition', () => seen.length === 20);
    await eventually('several attempts', () => attempts.length >= 4);
    expect(new Set(seen.map(({ partition }) => partition)).size).toBe(1);
    expect(
      logger.lines.filter((line) => line.startsWith('error Kafka handler failed')).length,
    ).toBeGreaterThan(3);
    poisoned = false;
    await eventually('the poison', () => seen.length === 22);
    expect(texts(seen.slice(20))).toEqual(['poison', 'behind']);
    expect(joins()).toBe(1);
    expect(logger.lines.filter((line) => line.includes('crash'))).toEqual([]);
  });

  it('bare kafkajs crashes and makes the group join again for the same handler', async () => {
    const topic = await newTopic(kafka);
    await send(topic, ['poison']);
    const consumer = bareKafka(kafka.brokers).consumer({
      groupId: `group-${randomUUID()}`,
      retry: { retries: 1, initialRetryTime: 50, maxRetryTime: 50 },
    });
    let crashes = 0;
    let joined = 0;
    consumer.on(consumer.events.CRASH, () => void crashes++);
    consumer.on(consumer.events.GROUP_JOIN, () => void joined++);
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ eachMessage: () => Promise.reject(new Error('cannot take this')) });
    await eventually('a crash and another join', () => crashes >= 1 && joined >= 2);
    await consumer.disconnect();
  });

  it('delivers what was not taken again and commits only what was', async () => {
    const topic = await newTopic(kafka);
    const groupId = `group-${randomUUID()}`;
    await send(topic, numbers(10));
    const seen: ReceivedRecord[] = [];
    let most = 3;
    const onBatch = (records: ReceivedRecord[]) => collect(seen)(records.slice(0, most));
    const first = newReceiver({ groupId, topics: [topic], onBatch });
    await first.start();
    await eventually('3 records', () => seen.length >= 3);
    most = 0;
    const taken = seen.length;
    await eventually('the commit', async () => (await lagOf(groupId, topic)) === 10 - taken);
    await first.stop();
    most = 4;
    await newReceiver({ groupId, topics: [topic], onBatch }).start();
    await eventually('all records', () => seen.length >= 10);
    expect(texts(seen)).toEqual(numbers(10));
  });

  it('stops quickly when idle', async () => {
    const topic = await newTopic(kafka);
    const receiver = newReceiver({ topics: [topic], onBatch: collect([]), times: {} });
    await receiver.start();
    const begun = performance.now();
    await receiver.stop();
    expect(performance.now() - begun).toBeLessThan(1_500);
    await receiver.stop();
    await receiver.start();
  });

  it('stops although a handler hangs, tells it, and does not commit what it answers later', async () => {
    const topic = await newTopic(kafka);
    const groupId = `group-${randomUUID()}`;
    await send(topic, numbers(3));
    let answer: (taken: number) => void = () => undefined;
    const controls: BatchControl[] = [];
    const hanging = (_: ReceivedRecord[], control: BatchControl) => {
      controls.push(control);
      return new Promise<number>((resolve) => (answer = resolve));
    };
    const receiver = newReceiver({ groupId, topics: [topic], onBatch: hanging });
    await receiver.start();
    await eventually('the handler', () => controls.length === 1);
    expect(controls[0]!.stale()).toBe(false);
    const begun = performance.now();
    await receiver.stop(300);
    expect(performance.now() - begun).toBeLessThan(1_500);
    expect(controls[0]!.stale()).toBe(true);
    answer(3);
    expect(await lagOf(groupId, topic)).toBe(3);
  });

  it('shares the partitions in a group, and one takes over when the other leaves', async () => {
    const topic = await newTopic(kafka, 6);
    const groupId = `group-${randomUUID()}`;
    const [one, other]: ReceivedRecord[][] = [[], []];
    const first = newReceiver({ groupId, topics: [topic], onBatch: collect(one!) });
    const second = newReceiver({
      groupId,
      topics: [topic],
      onBatch: collect(other!),
      times: { heartbeatMs: 200, maxWaitMs: 100 },
    });
    await second.start();
    await first.start();
    const partitions = (records: ReceivedRecord[]) => new Set(records.map(({ partition }) => partition));
    for (let at = 0; at < 60; at++) await send(topic, [`a${at}`], `key-${at}`);
    await eventually('all records', () => one!.length + other!.length >= 60);
    expect(new Set([...texts(one!), ...texts(other!)]).size).toBe(60);
    expect(partitions(one!).size).toBe(3);
    await first.stop();
    const before = other!.length;
    await send(topic, numbers(20, 'b'), 'key-0');
    await send(topic, numbers(20, 'c'), 'key-1');
    await eventually('the rest', () => other!.length >= before + 40);
    const order = texts(other!).filter((value) => value.startsWith('b'));
    expect(order).toEqual(numbers(20, 'b'));
  });

  it('changes its topics while it runs, and keeps the old ones when a new one does not exist', async () => {
    const [a, b] = [await newTopic(kafka), await newTopic(kafka)];
    const seen: ReceivedRecord[] = [];
    const receiver = newReceiver({ topics: [a], onBatch: collect(seen) });
    await receiver.start();
    await send(b, ['b0']);
    await expect(receiver.replaceTopics([a, 'nobody-made-this'])).rejects.toThrow('cannot open topics');
    await send(a, ['a0']);
    await eventually('a record of the old list', () => texts(seen).includes('a0'));
    await receiver.replaceTopics([a, b]);
    await eventually('a record of the new topic', () => texts(seen).includes('b0'));
    await receiver.replaceTopics([b]);
    await send(a, ['a1']);
    await send(b, ['b1']);
    await eventually('a record of the last list', () => texts(seen).includes('b1'));
    expect(texts(seen).sort()).toEqual(['a0', 'b0', 'b1']);
  });

  it('gives every topic to the members that asked for it, also when their lists differ', async () => {
    const [a, b] = [await newTopic(kafka, 3), await newTopic(kafka, 3)];
    const groupId = `group-${randomUUID()}`;
    const [one, other]: ReceivedRecord[][] = [[], []];
    const times = { heartbeatMs: 100, maxWaitMs: 100 };
    await newReceiver({ groupId, topics: [a], onBatch: collect(one!), times }).start();
    await newReceiver({ groupId, topics: [a, b], onBatch: collect(other!), times }).start();
    for (const key of numbers(12)) {
      await send(a, [`a${key}`], key);
      await send(b, [`b${key}`], key);
    }
    await eventually('all records', () => one!.length + other!.length >= 24);
    expect(new Set(texts([...one!, ...other!])).size).toBe(24);
    expect(one!.every(({ topic }) => topic === a)).toBe(true);
  });

  it('rejects a start without its topic, and leaves nothing running', async () => {
    const receiver = newReceiver({ topics: ['nobody-made-this'], onBatch: collect([]) });
    await expect(receiver.start()).rejects.toThrow(
      /^Kafka receiver cannot open topics nobody-made-this for group /,
    );
    const topic = await newTopic(kafka);
    await receiver.replaceTopics([topic]);
    await receiver.start();
  });

  it('arms no timer again and again while it is idle', async () => {
    const topic = await newTopic(kafka);
    await newReceiver({ topics: [topic], onBatch: collect([]), times: { maxWaitMs: 500 } }).start();
    const timers = jest.spyOn(globalThis, 'setTimeout');
    const end = performance.now() + 1_000;
    await eventually('a second of idleness', () => performance.now() > end);
    expect(timers.mock.calls.length).toBeLessThan(20);
    timers.mockRestore();
  });
});

/** A key whose records go to this partition. */
function keyFor(partition: number, partitions: number): string {
  for (let at = 0; ; at++) if (partitionOf(String(at), partitions) === partition) return String(at);
}
