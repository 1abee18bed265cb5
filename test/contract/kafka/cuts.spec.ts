import { randomUUID } from 'node:crypto';
import { KafkaReceiver, KafkaSender } from '../../../libs/platform/src/kafka/index.js';
import type { KafkaSendError, ReceivedRecord } from '../../../libs/platform/src/kafka/index.js';
import { readTopic, valuesOf } from '../../support/kafka-bare.js';
import { fetchKey, produceKey } from '../../support/kafka-proxy.js';
import type { Fault } from '../../support/kafka-proxy.js';
import { describeWithKafka, eventually, keepingLogger, newTopic, texts } from '../../support/kafka.js';

const quickRetry = { retries: 200, firstPauseMs: 20, maxPauseMs: 100 };

describeWithKafka('Kafka when connections break', { proxied: true }, (kafka) => {
  const logger = keepingLogger();
  const seen: ReceivedRecord[] = [];
  let topic = '';
  let receiver: KafkaReceiver;
  let sender: KafkaSender;
  let deaths = 0;

  beforeEach(async () => {
    topic = await newTopic(kafka, 2);
    seen.splice(0);
    logger.lines.splice(0);
    deaths = 0;
    sender = new KafkaSender({
      settings: kafka.settings,
      logger,
      sendRetry: quickRetry,
      requestRetry: quickRetry,
    });
    receiver = new KafkaReceiver({
      settings: kafka.settings,
      logger,
      groupId: `group-${randomUUID()}`,
      topics: [topic],
      onBatch: (records) => Promise.resolve(seen.push(...records) && records.length),
      onDead: () => void deaths++,
      // A heartbeat is nearly always due, so that a cut meets one.
      times: { heartbeatMs: 20, maxWaitMs: 100 },
      requestRetry: quickRetry,
    });
    await receiver.start();
    await sender.open();
  });

  afterEach(async () => {
    kafka.proxy.arm();
    kafka.proxy.unblock();
    await receiver.stop(500);
    await sender.close();
  });

  const send = async (values: string[]) => {
    for (
      let left = values.map((value) => ({ topic, key: value[0]!, value: Buffer.from(value) }));
      left.length > 0;

    ) {
      const failed = await sender.send(left).then(
        () => undefined,
        (error: unknown) => error as KafkaSendError,
      );
      left = failed ? left.slice(failed.acknowledged) : [];
    }
  };

  it('comes back as the same member: no session has to run out', async () => {
    let crashes = 0;
    for (let cut = 0; cut < 4; cut++) {
      kafka.proxy.block();
      const patience = performance.now() + 1_000;
      const crashed = () =>
        logger.lines.some((line) => line.startsWith('warn Kafka consumer crashed and restarts'));
      await eventually('a crash inside of kafkajs', () => crashed() || performance.now() > patience);
      if (crashed()) crashes++;
      kafka.proxy.unblock();
      await send([`a${cut}`, `b${cut}`]);
      // A new member would have to wait for the 15 s of the old one's session.
      await eventually(
        'the records',
        () => texts(seen).includes(`a${cut}`) && texts(seen).includes(`b${cut}`),
        10_000,
      );
      logger.lines.splice(0);
    }
    expect(crashes).toBeGreaterThan(0);
    expect(deaths).toBe(0);
  });

  const odd = (key: number): Fault[] =>
    Array.from({ length: 12 }, (_, at): Fault => ({ key, nth: at * 4 + 2, what: 'halve-answer' }));

  it('loses nothing when answers break off in the middle', async () => {
    kafka.proxy.arm(...odd(fetchKey), ...odd(produceKey));
    const values = Array.from({ length: 60 }, (_, at) => [`a${at}`, `b${at}`]);
    for (const pair of values) await send(pair);
    expect(kafka.proxy.broken).toBeGreaterThan(10);
    await eventually('everything', () => new Set(texts(seen)).size === 120);
    const log = (await readTopic(kafka.brokers, topic)).map(valuesOf).flat();
    expect(log.length).toBe(120);
    for (const name of ['a', 'b']) {
      const wanted = values.map((_, at) => `${name}${at}`);
      expect(log.filter((value) => value.startsWith(name))).toEqual(wanted);
      expect([...new Set(texts(seen).filter((value) => value.startsWith(name)))]).toEqual(wanted);
    }
    expect(deaths).toBe(0);
  });
});
