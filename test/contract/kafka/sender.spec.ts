import type { Producer } from 'kafkajs';
import { KafkaSender, KafkaSendError, partitionOf } from '../../../libs/platform/src/kafka/index.js';
import type { KafkaSenderOptions, OutgoingRecord } from '../../../libs/platform/src/kafka/index.js';
import { bareKafka, barePartitioner, readTopic, valuesOf } from '../../support/kafka-bare.js';
import { initProducerIdKey, produceKey } from '../../support/kafka-proxy.js';
import { describeWithKafka, keepingLogger, newTopic } from '../../support/kafka.js';

const impatient = { retries: 1, firstPauseMs: 20, maxPauseMs: 20 };

describeWithKafka('Kafka sender', { proxied: true }, (kafka) => {
  const open: { close(): Promise<void> }[] = [];
  const newSender = (over: Partial<KafkaSenderOptions> = {}) => {
    const sender = new KafkaSender({ settings: kafka.settings, logger: keepingLogger(), ...over });
    open.push(sender);
    return sender;
  };
  const newBare = (): Producer => {
    const producer = bareKafka(kafka.brokers).producer({
      idempotent: true,
      createPartitioner: barePartitioner,
      retry: { retries: 3, initialRetryTime: 20, maxRetryTime: 100 },
    });
    open.push({ close: () => producer.disconnect() });
    return producer;
  };
  const record = (topic: string, value: string, key = 'one'): OutgoingRecord => ({
    topic,
    key,
    value: Buffer.from(value),
  });
  const logOf = async (topic: string) => (await readTopic(kafka.brokers, topic)).map(valuesOf);

  afterEach(async () => {
    kafka.proxy.arm();
    await Promise.all(open.splice(0).map((one) => one.close()));
  });

  it('tells the place of each record, and the broker has it there with its headers', async () => {
    const topic = await newTopic(kafka, 3);
    const sender = newSender();
    const keys = Array.from({ length: 40 }, (_, at) => `key-${at % 7}`);
    const records = keys.map((key, at) => ({ ...record(topic, `v${at}`, key), headers: { at: String(at) } }));
    const sent = [...(await sender.send(records.slice(0, 25))), ...(await sender.send(records.slice(25)))];
    const log = await readTopic(kafka.brokers, topic);
    expect(sent).toHaveLength(40);
    for (const [at, { partition, offset }] of sent.entries()) {
      const found = log[partition]![offset]!;
      expect([found.key?.toString(), found.value?.toString()]).toEqual([keys[at], `v${at}`]);
      expect(found.headers!['at']!.toString()).toBe(String(at));
      expect(partition).toBe(partitionOf(keys[at]!, 3));
    }
  });

  describe('when the answer to a send is lost while others wait', () => {
    const count = 30;
    const names = Array.from({ length: count }, (_, at) => `r${String(at).padStart(2, '0')}`);

    it('bare kafkajs acknowledges records that it then loses', async () => {
      const topic = await newTopic(kafka);
      const producer = newBare();
      await producer.connect();
      kafka.proxy.arm({ key: produceKey, nth: 5, what: 'lose-answer' });
      const sends = names.map((value) => producer.send({ topic, messages: [{ key: 'one', value }] }));
      expect(await Promise.all(sends)).toHaveLength(count);
      const [log] = await logOf(topic);
      expect(names.filter((name) => !log!.includes(name)).length).toBeGreaterThan(0);
    });

    it('the sender loses none, repeats none and keeps their order', async () => {
      const topic = await newTopic(kafka);
      const sender = newSender();
      await sender.open();
      kafka.proxy.arm(
        { key: produceKey, nth: 3, what: 'lose-answer' },
        { key: produceKey, nth: 5, what: 'refuse' },
        { key: produceKey, nth: 9, what: 'lose-answer' },
        { key: produceKey, nth: 10, what: 'lose-answer' },
      );
      const places = await Promise.all(names.map((value) => sender.send([record(topic, value)])));
      expect(kafka.proxy.broken).toBe(4);
      expect(await logOf(topic)).toEqual([names]);
      expect(places.flat().map(({ offset }) => offset)).toEqual(names.map((_, at) => at));
    });
  });

  describe('after a send that was rejected although the broker has it', () => {
    it('bare kafkajs acknowledges the next records of the same number and never stores them', async () => {
      const topic = await newTopic(kafka);
      const producer = newBare();
      await producer.connect();
      await producer.send({ topic, messages: [{ key: 'one', value: 'a' }] });
      kafka.proxy.arm({ key: produceKey, nth: 'all', what: 'lose-answer' });
      await expect(producer.send({ topic, messages: [{ key: 'one', value: 'b' }] })).rejects.toThrow();
      kafka.proxy.arm();
      await producer.send({ topic, messages: [{ key: 'one', value: 'c' }] });
      expect(await logOf(topic)).toEqual([['a', 'b']]);
    });

    it('the sender stores the next records, and says what is certain', async () => {
      const topic = await newTopic(kafka);
      const sender = newSender({ sendRetry: impatient, requestRetry: impatient });
      await sender.send([record(topic, 'a')]);
      kafka.proxy.arm({ key: produceKey, nth: 'all', what: 'lose-answer' });
      const failed = sender.send([record(topic, 'b')]);
      await expect(failed).rejects.toMatchObject({ name: 'KafkaSendError', acknowledged: 0, unknown: 1 });
      kafka.proxy.arm();
      expect(await sender.send([record(topic, 'c')])).toEqual([{ topic, partition: 0, offset: 2 }]);
      expect(await logOf(topic)).toEqual([['a', 'b', 'c']]);
    });

    it('the sender goes on after many of them, and the caller repeats only what failed', async () => {
      const topic = await newTopic(kafka);
      const sender = newSender({ sendRetry: impatient, requestRetry: impatient });
      const wanted = Array.from({ length: 24 }, (_, at) => `r${at}`);
      // Each send is refused or its answer lost on both attempts of every third try.
      for (const [at, value] of wanted.entries()) {
        const what = at % 2 === 0 ? 'lose-answer' : 'refuse';
        if (at % 3 === 0)
          kafka.proxy.arm({ key: produceKey, nth: 1, what }, { key: produceKey, nth: 2, what });
        for (let stored = false; !stored; ) {
          stored = await sender.send([record(topic, value)]).then(
            () => true,
            () => false,
          );
        }
      }
      const [log] = await logOf(topic);
      expect([...new Set(log)]).toEqual(wanted);
      expect(log!.length).toBeLessThanOrEqual(wanted.length + 4);
    });
  });

  describe('when the broker gives no producer id', () => {
    it('bare kafkajs sends all the same, without its idempotence', async () => {
      const topic = await newTopic(kafka);
      const producer = newBare();
      kafka.proxy.arm({ key: initProducerIdKey, nth: 'all', what: 'refuse' });
      await expect(producer.connect()).rejects.toThrow();
      await producer.send({ topic, messages: [{ key: 'one', value: 'a' }] });
      const [log] = await readTopic(kafka.brokers, topic);
      expect(producerIdOf(log![0]!)).toBe('-1');
      expect(producer.isIdempotent()).toBe(true);
    });

    it('the sender refuses to send until it has one', async () => {
      const topic = await newTopic(kafka);
      const sender = newSender({ sendRetry: impatient, requestRetry: impatient });
      kafka.proxy.arm({ key: initProducerIdKey, nth: 'all', what: 'refuse' });
      await expect(sender.open()).rejects.toThrow(`Kafka cannot be reached at ${kafka.brokers}`);
      await expect(sender.send([record(topic, 'a')])).rejects.toMatchObject({ acknowledged: 0, unknown: 0 });
      kafka.proxy.arm();
      await sender.send([record(topic, 'b')]);
      const [log] = await readTopic(kafka.brokers, topic);
      expect(valuesOf(log!)).toEqual(['b']);
      expect(Number(producerIdOf(log![0]!))).toBeGreaterThanOrEqual(0);
    });
  });

  it('cuts a large send into parts that the broker takes, which bare kafkajs does not', async () => {
    const topic = await newTopic(kafka);
    const big = Array.from({ length: 30 }, (_, at) => record(topic, String(at).padStart(100_000, '.')));
    const messages = big.map(({ key, value }) => ({ key, value }));
    const producer = newBare();
    await producer.connect();
    await expect(producer.send({ topic, messages })).rejects.toThrow('larger than the max message size');
    await newSender().send(big);
    const [log] = await logOf(topic);
    expect(log!.map((value) => Number(value.replaceAll('.', '')))).toEqual(big.map((_, at) => at));
  });

  it('says how many of a large send are certainly there when a later part fails', async () => {
    const topic = await newTopic(kafka);
    const sender = newSender({ sendRetry: impatient, requestRetry: impatient });
    await sender.open();
    const records = Array.from({ length: 1_600 }, (_, at) => record(topic, String(at)));
    kafka.proxy.arm({ key: produceKey, nth: 3, what: 'refuse' }, { key: produceKey, nth: 4, what: 'refuse' });
    const error: unknown = await sender.send(records).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KafkaSendError);
    expect(error).toMatchObject({ acknowledged: 1_000, unknown: 500 });
    expect((error as Error).message).toMatch(
      /^Kafka send failed: 1000 of 1600 records .*, 500 unknown, 100 not sent: /,
    );
    await sender.send(records.slice(1_000));
    const [log] = await logOf(topic);
    expect(log!.map(Number)).toEqual(records.map((_, at) => at));
  });

  it('refuses a topic that does not exist and does not make it', async () => {
    const sender = newSender({ sendRetry: impatient, requestRetry: impatient });
    await expect(sender.send([record('nobody-made-this', 'a')])).rejects.toThrow(KafkaSendError);
    const topic = await newTopic(kafka);
    await sender.send([record(topic, 'b')]);
    expect(await logOf(topic)).toEqual([['b']]);
  });

  it('refuses a record that is too large and sends nothing of the call', async () => {
    const topic = await newTopic(kafka);
    const sender = newSender();
    await expect(sender.send([record(topic, 'a'), record(topic, '.'.repeat(2_000_000))])).rejects.toThrow(
      RangeError,
    );
    await sender.send([record(topic, 'b')]);
    expect(await logOf(topic)).toEqual([['b']]);
  });

  it('closes in time while the broker keeps silent; what is in flight and what waits rejects', async () => {
    const topic = await newTopic(kafka);
    const sender = newSender({ sendRetry: impatient, requestRetry: impatient });
    await sender.open();
    kafka.proxy.arm({ key: produceKey, nth: 'all', what: 'keep-silent' });
    const outcomes = Promise.allSettled([
      sender.send([record(topic, 'a')]),
      sender.send([record(topic, 'b')]),
    ]);
    const begun = performance.now();
    await sender.close(200);
    expect(performance.now() - begun).toBeLessThan(1_500);
    const [inFlight, waiting] = await outcomes;
    expect(inFlight).toMatchObject({ status: 'rejected', reason: { acknowledged: 0, unknown: 1 } });
    expect(waiting).toMatchObject({ status: 'rejected', reason: { acknowledged: 0, unknown: 0 } });
    await expect(sender.send([record(topic, 'c')])).rejects.toThrow('the Kafka sender is closed');
  });

  it('finishes what was sent before it was closed', async () => {
    const topic = await newTopic(kafka);
    const sender = newSender();
    const sends = ['a', 'b', 'c'].map((value) => sender.send([record(topic, value)]));
    await sender.close();
    await expect(sender.send([record(topic, 'd')])).rejects.toThrow('the Kafka sender is closed');
    expect((await Promise.all(sends)).flat()).toHaveLength(3);
    expect(await logOf(topic)).toEqual([['a', 'b', 'c']]);
  });
});

function producerIdOf(message: object): string {
  return (message as { batchContext: { producerId: string } }).batchContext.producerId;
}
