import { randomUUID } from 'node:crypto';
import { KafkaReceiver, KafkaSender, KafkaSendError } from '../../../libs/platform/src/kafka/index.js';
import type {
  KafkaReceiverOptions,
  OutgoingRecord,
  ReceivedRecord,
} from '../../../libs/platform/src/kafka/index.js';
import { bareKafka, readTopic, sendZstd, valuesOf } from '../../support/kafka-bare.js';
import { describeWithKafka, eventually, keepingLogger, newTopic, texts } from '../../support/kafka.js';

const quickRetry = { retries: 200, firstPauseMs: 50, maxPauseMs: 200 };

describeWithKafka('Kafka when the broker fails', { own: true }, (kafka) => {
  const logger = keepingLogger();
  const open: { close(): Promise<void> }[] = [];
  const newSender = () => {
    const sender = new KafkaSender({
      settings: kafka.settings,
      logger,
      sendRetry: quickRetry,
      requestRetry: quickRetry,
    });
    open.push(sender);
    return sender;
  };
  const newReceiver = (
    over: Partial<KafkaReceiverOptions> & Pick<KafkaReceiverOptions, 'topics' | 'onBatch'>,
  ) => {
    const receiver = new KafkaReceiver({
      settings: kafka.settings,
      logger,
      groupId: `group-${randomUUID()}`,
      onDead: (error) =>
        void logger.lines.push(`dead ${error.message} ${String((error.cause as Error)?.message)}`),
      times: { maxWaitMs: 100 },
      requestRetry: quickRetry,
      ...over,
    });
    open.push({ close: () => receiver.stop(500) });
    return receiver;
  };
  const record = (topic: string, key: string, value: string): OutgoingRecord => ({
    topic,
    key,
    value: Buffer.from(value),
  });
  const deaths = () => logger.lines.filter((line) => line.startsWith('dead'));

  beforeEach(() => void logger.lines.splice(0));
  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.close()));
  });

  it('loses no acknowledged record and keeps the order of each key through kills in mid-stream', async () => {
    const topic = await newTopic(kafka, 4);
    const seen: ReceivedRecord[] = [];
    const receiver = newReceiver({
      topics: [topic],
      onBatch: (records) => Promise.resolve(seen.push(...records) && records.length),
    });
    await receiver.start();
    const sender = newSender();
    const keys = ['a', 'b', 'c', 'd', 'e'];
    let rounds = 0;
    let repeated = 0;
    let stopping = false;
    const streaming = (async () => {
      for (; !stopping; rounds++) {
        let left = keys.map((key) => record(topic, key, `${key}-${rounds}`));
        while (left.length > 0) {
          try {
            await sender.send(left);
            left = [];
          } catch (error) {
            const { acknowledged, unknown } = error as KafkaSendError;
            repeated += unknown;
            left = left.slice(acknowledged);
          }
        }
      }
    })();
    for (let kill = 0; kill < 2; kill++) {
      const from = rounds;
      await eventually('some traffic', () => rounds > from + 200);
      await kafka.broker.kill();
      await kafka.broker.restart();
    }
    const from = rounds;
    await eventually('traffic again', () => rounds > from + 100);
    stopping = true;
    await streaming;
    const wanted = (key: string) => Array.from({ length: rounds }, (_, round) => `${key}-${round}`);
    const log = (await readTopic(kafka.brokers, topic)).map(valuesOf);
    const ofKey = (values: string[], key: string) => values.filter((value) => value.startsWith(`${key}-`));
    for (const key of keys) expect([...new Set(ofKey(log.flat(), key))]).toEqual(wanted(key));
    expect(log.flat().length).toBeLessThanOrEqual(rounds * keys.length + repeated);
    await eventually('everything received', () => new Set(texts(seen)).size === rounds * keys.length, 30_000);
    for (const key of keys) expect([...new Set(ofKey(texts(seen), key))]).toEqual(wanted(key));
    expect(deaths()).toEqual([]);
  }, 90_000);

  it('waits for a broker that comes later', async () => {
    const topic = await newTopic(kafka);
    await kafka.broker.kill();
    const seen: ReceivedRecord[] = [];
    const receiver = newReceiver({
      topics: [topic],
      onBatch: (records) => Promise.resolve(seen.push(...records) && records.length),
    });
    const sending = newSender().send([record(topic, 'a', 'early')]);
    const starting = receiver.start();
    await kafka.broker.restart();
    await Promise.all([sending, starting]);
    await eventually('the record', () => seen.length === 1);
  });

  it('tells when the broker has gone silent, and can be started again', async () => {
    const topic = await newTopic(kafka);
    const seen: ReceivedRecord[] = [];
    const receiver = newReceiver({
      topics: [topic],
      onBatch: (records) => Promise.resolve(seen.push(...records) && records.length),
      times: { sessionMs: 800, heartbeatMs: 200, maxWaitMs: 100 },
    });
    await receiver.start();
    process.kill(kafka.broker.pid, 'SIGSTOP');
    try {
      await eventually('a death', () => deaths().length === 1);
    } finally {
      process.kill(kafka.broker.pid, 'SIGCONT');
    }
    expect(deaths()[0]).toMatch(/heard nothing for \d+ ms/);
    await newSender().send([record(topic, 'a', 'later')]);
    await receiver.start();
    await eventually('the record', () => seen.length === 1);
    expect(deaths()).toHaveLength(1);
  });

  it('tells a handler that outlives its session, and gives its records to another member', async () => {
    const topic = await newTopic(kafka);
    const groupId = `group-${randomUUID()}`;
    await newSender().send([record(topic, 'a', 'slow')]);
    let release: () => void = () => undefined;
    let staleAfter = 0;
    const times = { sessionMs: 600, heartbeatMs: 150, rebalanceMs: 1_000, maxWaitMs: 100 };
    const slow = newReceiver({
      groupId,
      topics: [topic],
      times,
      onBatch: async (records, control) => {
        const begun = performance.now();
        expect(control.stale()).toBe(false);
        await eventually('staleness', () => control.stale());
        staleAfter = performance.now() - begun;
        await new Promise<void>((resolve) => (release = resolve));
        return records.length;
      },
    });
    await slow.start();
    await eventually('staleness', () => staleAfter > 0);
    expect(staleAfter).toBeGreaterThan(400);
    const seen: ReceivedRecord[] = [];
    const quick = newReceiver({
      groupId,
      topics: [topic],
      times,
      onBatch: (records) => Promise.resolve(seen.push(...records) && records.length),
    });
    await quick.start();
    await eventually('the record', () => texts(seen).includes('slow'));
    release();
  });

  it('dies aloud on records that kafkajs cannot read', async () => {
    const topic = await newTopic(kafka);
    await sendZstd(kafka.brokers, topic, ['a']);
    await newReceiver({ topics: [topic], onBatch: (records) => Promise.resolve(records.length) }).start();
    await eventually('a death', () => deaths().length === 1);
    expect(deaths()[0]).toContain('ZSTD compression not implemented');
  });

  it('dies aloud when its topic is deleted', async () => {
    const topic = await newTopic(kafka);
    const onBatch = (records: ReceivedRecord[]) => Promise.resolve(records.length);
    const times = { sessionMs: 800, heartbeatMs: 200, maxWaitMs: 100 };
    await newReceiver({ topics: [topic], onBatch, times }).start();
    const admin = bareKafka(kafka.brokers).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [topic] });
    await admin.disconnect();
    await eventually('a death', () => deaths().length === 1);
  });
});
