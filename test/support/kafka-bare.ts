import kafkajs from 'kafkajs';
import type { Kafka, KafkaMessage } from 'kafkajs';
import { randomUUID } from 'node:crypto';

/**
 * kafkajs as people use it, to show the trap that the wrapper avoids and to look at the log independently
 * of it.
 */
export function bareKafka(brokers: string): Kafka {
  return new kafkajs.Kafka({
    clientId: 'bare',
    brokers: brokers.split(','),
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 1_000 },
  });
}

export const barePartitioner = kafkajs.Partitioners.DefaultPartitioner;

/** Every record of the topic up to its present end, by partition and in the order of the log. */
export async function readTopic(brokers: string, topic: string): Promise<KafkaMessage[][]> {
  const kafka = bareKafka(brokers);
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const ends = new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
  const log: KafkaMessage[][] = Array.from({ length: ends.size }, () => []);
  const missing = new Set([...ends].filter(([, end]) => end > 0).map(([partition]) => partition));
  if (missing.size === 0) return log;
  const consumer = kafka.consumer({ groupId: `read-${randomUUID()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => !payload.restart && reject(payload.error));
    consumer
      .run({
        autoCommit: false,
        eachBatch: ({ batch: { partition, messages } }) => {
          log[partition]!.push(...messages);
          if (Number(messages.at(-1)?.offset) + 1 >= ends.get(partition)!) missing.delete(partition);
          if (missing.size === 0) resolve();
          return Promise.resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return log;
}

/** The values in one partition as text. */
export function valuesOf(messages: KafkaMessage[]): string[] {
  return messages.map(({ value }) => value?.toString() ?? 'null');
}

/**
 * Writes records in the ZSTD compression, as librdkafka clients may; kafkajs can neither write nor read it.
 */
export async function sendZstd(brokers: string, topic: string, values: string[]): Promise<void> {
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  const original = CompressionCodecs[CompressionTypes.ZSTD] as () => unknown;
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: (encoder: { buffer: Buffer }) => Promise.resolve(zstdFrame(encoder.buffer)),
  });
  const producer = bareKafka(brokers).producer({ createPartitioner: barePartitioner });
  try {
    await producer.connect();
    const messages = values.map((value) => ({ key: 'one', value }));
    await producer.send({ topic, messages, compression: CompressionTypes.ZSTD });
  } finally {
    CompressionCodecs[CompressionTypes.ZSTD] = original;
    await producer.disconnect();
  }
}

/** A frame with one raw block (RFC 8878), good for up to 128 KiB. */
function zstdFrame(content: Buffer): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt32LE(0xfd2fb528, 0);
  // A single segment whose content size follows in four bytes.
  header.writeUInt8(0xa0, 4);
  header.writeUInt32LE(content.length, 5);
  header.writeUIntLE((content.length << 3) | 1, 9, 3);
  return Buffer.concat([header, content]);
}
