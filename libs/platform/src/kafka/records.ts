import type { IHeaders, KafkaMessage } from 'kafkajs';

export interface OutgoingRecord {
  topic: string;
  /** Records of one key go to one partition and keep their order. */
  key: string;
  value: Buffer;
  headers?: Record<string, string>;
}

/** Where a record stands on the broker's disk. */
export interface SentRecord {
  topic: string;
  partition: number;
  offset: number;
}

/** A record as it was found: any writer with access may have made it, so nothing in it can be relied on. */
export interface ReceivedRecord {
  topic: string;
  partition: number;
  /** Offsets are plain numbers: 2^53 records in one partition are out of reach. */
  offset: number;
  /** Null when the writer gave none; bytes that are not UTF-8 become U+FFFD. */
  key: string | null;
  /** The exact bytes; null is a tombstone. */
  value: Buffer | null;
  /** Of a header given several times the last counts, one without a value is empty text. */
  headers: Record<string, string>;
  /** Milliseconds since 1970, by the writer's clock or the broker's as the topic is set up. */
  timestampMs: number;
}

export function toReceived(topic: string, partition: number, message: KafkaMessage): ReceivedRecord {
  return {
    topic,
    partition,
    offset: Number(message.offset),
    key: message.key?.toString('utf8') ?? null,
    value: message.value,
    headers: toHeaders(message.headers),
    timestampMs: Number(message.timestamp),
  };
}

function toHeaders(headers: IHeaders | undefined): Record<string, string> {
  const pairs = Object.entries(headers ?? {}).map(([name, given]): [string, string] => {
    const value = Array.isArray(given) ? given.at(-1) : given;
    return [name, value?.toString() ?? ''];
  });
  return Object.fromEntries(pairs);
}
