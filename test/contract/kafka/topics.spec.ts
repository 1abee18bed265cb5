import { randomUUID } from 'node:crypto';
import {
  checkBroker,
  ensureTopics,
  KafkaReceiver,
  KafkaSender,
  lag,
} from '../../../libs/platform/src/kafka/index.js';
import type { ReceivedRecord } from '../../../libs/platform/src/kafka/index.js';
import { bareKafka, barePartitioner, readTopic, sendZstd, valuesOf } from '../../support/kafka-bare.js';
import kafkajs from 'kafkajs';
import { describeWithKafka, eventually, newTopic, quiet } from '../../support/kafka.js';

describeWithKafka('Kafka topics', {}, (kafka) => {
  const specOf = (topic: string) => ({
    topic,
    partitions: 3,
    replication: 1,
    config: { 'retention.ms': '86400000', 'cleanup.policy': 'delete' },
  });

  it('makes what is missing and is content with it afterwards', async () => {
    const specs = [specOf(`test-${randomUUID()}`), { ...specOf(`test-${randomUUID()}`), config: {} }];
    expect(await ensureTopics(kafka.settings, specs)).toEqual([]);
    expect(await ensureTopics(kafka.settings, specs)).toEqual([]);
    expect(await ensureTopics(kafka.settings, [])).toEqual([]);
    expect((await readTopic(kafka.brokers, specs[0]!.topic)).length).toBe(3);
  });

  it('may run in several processes at once', async () => {
    const specs = Array.from({ length: 3 }, () => specOf(`test-${randomUUID()}`));
    const found = await Promise.all(Array.from({ length: 4 }, () => ensureTopics(kafka.settings, specs)));
    expect(found.flat()).toEqual([]);
  });

  it('names every difference and alters nothing', async () => {
    const spec = specOf(`test-${randomUUID()}`);
    await ensureTopics(kafka.settings, [spec]);
    const other = {
      topic: spec.topic,
      partitions: 6,
      replication: 3,
      config: { 'retention.ms': '1000', 'cleanup.policy': 'delete', 'no.such.setting': 'x' },
    };
    const drifts = [
      { topic: spec.topic, what: 'partitions', expected: '6', actual: '3' },
      { topic: spec.topic, what: 'replication', expected: '3', actual: '1' },
      { topic: spec.topic, what: 'retention.ms', expected: '1000', actual: '86400000' },
      { topic: spec.topic, what: 'no.such.setting', expected: 'x', actual: 'not known to the broker' },
    ];
    expect(await ensureTopics(kafka.settings, [other])).toEqual(drifts);
    expect(await ensureTopics(kafka.settings, [other])).toEqual(drifts);
    expect(await ensureTopics(kafka.settings, [spec])).toEqual([]);
  });

  it('says why a topic cannot be made', async () => {
    const spec = specOf(`test-${randomUUID()}`);
    await expect(ensureTopics(kafka.settings, [{ ...spec, replication: 3 }])).rejects.toThrow(
      new RegExp(`^Kafka topic ${spec.topic} cannot be created: .*[Rr]eplication`),
    );
    await expect(
      ensureTopics(kafka.settings, [{ ...spec, config: { 'retention.ms': 'long' } }]),
    ).rejects.toThrow(/Configuration is invalid/);
    await expect(ensureTopics(kafka.settings, [{ ...spec, topic: 'not a name' }])).rejects.toThrow(
      /cannot be created/,
    );
  });

  it('tells how far a group is behind', async () => {
    const topic = await newTopic(kafka, 2);
    const groupId = `group-${randomUUID()}`;
    const sender = new KafkaSender({ settings: kafka.settings, logger: quiet });
    const places = await sender.send(
      Array.from({ length: 20 }, (_, at) => ({ topic, key: String(at), value: Buffer.from('x') })),
    );
    await sender.close();
    const inFirst = places.filter(({ partition }) => partition === 0).length;
    expect(await lag(kafka.settings, groupId, [topic])).toEqual([
      { topic, partition: 0, committed: null, end: inFirst, lag: inFirst },
      { topic, partition: 1, committed: null, end: 20 - inFirst, lag: 20 - inFirst },
    ]);
    const takeTwo = (records: ReceivedRecord[]) => Promise.resolve(records[0]!.offset === 0 ? 2 : 0);
    const receiver = new KafkaReceiver({
      settings: kafka.settings,
      logger: quiet,
      groupId,
      topics: [topic],
      onBatch: takeTwo,
      onDead: () => undefined,
    });
    await receiver.start();
    const behind = async () => (await lag(kafka.settings, groupId, [topic])).map((part) => part.lag);
    await eventually('two commits', async () => (await behind()).join() === `${inFirst - 2},${18 - inFirst}`);
    await receiver.stop();
    const [first] = await lag(kafka.settings, groupId, [topic]);
    expect(first).toEqual({ topic, partition: 0, committed: 2, end: inFirst, lag: inFirst - 2 });
  });

  it('finds that this broker serves what is needed', async () => {
    expect(await checkBroker(kafka.settings)).toEqual(kafka.settings.brokers.map((address) => ({ address })));
  });

  describe('with compression.type=uncompressed', () => {
    const config = { 'compression.type': 'uncompressed' };

    it('hands out readable records when they were written in one that kafkajs cannot read', async () => {
      const [plain, guarded] = [await newTopic(kafka), await newTopic(kafka, 1, config)];
      for (const topic of [plain, guarded]) await sendZstd(kafka.brokers, topic, ['a', 'b']);
      await expect(readTopic(kafka.brokers, plain)).rejects.toThrow('ZSTD compression not implemented');
      expect((await readTopic(kafka.brokers, guarded)).map(valuesOf)).toEqual([['a', 'b']]);
    });

    it('refuses what is small only while it is compressed', async () => {
      const topic = await newTopic(kafka, 1, config);
      const producer = bareKafka(kafka.brokers).producer({ createPartitioner: barePartitioner });
      await producer.connect();
      const messages = [{ key: 'one', value: Buffer.alloc(5_000_000) }];
      const compression = kafkajs.CompressionTypes.GZIP;
      await expect(producer.send({ topic, messages, compression })).rejects.toThrow('max message size');
      await producer.disconnect();
    });
  });
});
