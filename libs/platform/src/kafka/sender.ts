import type { Message, Producer, RecordMetadata, TopicMessages } from 'kafkajs';
import { splitBatches } from './batches.js';
import { openClient, requestRetry, retryOptions } from './client.js';
import type { KafkaClient, KafkaLogger } from './client.js';
import { reasonOf } from './reason.js';
import type { OutgoingRecord, SentRecord } from './records.js';
import type { KafkaSettings, RetryBounds } from './settings.js';

export interface KafkaSenderOptions {
  settings: KafkaSettings;
  logger: KafkaLogger;
  /** For a send that the broker cannot take yet. With the broker gone a send fails after 40 to 80 s. */
  sendRetry?: RetryBounds;
  /** For single connections and requests. */
  requestRetry?: RetryBounds;
}

/** A send that ended with some records, perhaps, not on the broker. */
export class KafkaSendError extends Error {
  /**
   * @param acknowledged how many leading records are certainly on the broker, in order
   * @param unknown how many after those may or may not be there: their acknowledgement did not come.
   *   Everything after these was not sent.
   */
  constructor(
    readonly acknowledged: number,
    readonly unknown: number,
    total: number,
    cause: unknown,
  ) {
    const rest = total - acknowledged - unknown;
    super(
      `Kafka send failed: ${acknowledged} of ${total} records acknowledged, ${unknown} unknown, ` +
        `${rest} not sent: ` +
        reasonOf(cause),
      { cause },
    );
    this.name = 'KafkaSendError';
  }
}

/** One producer from its connection to its end; it is never mended. */
interface Line {
  client: KafkaClient;
  producer: Producer;
  partitions: WeakMap<Message, number>;
  /** Rejects when the line is cut, so that nobody waits for kafkajs to notice. */
  gone: Promise<never>;
  cut(reason: string): void;
}

const defaultSendRetry: RetryBounds = { retries: 10, firstPauseMs: 200, maxPauseMs: 5_000 };

/**
 * Sends records in order, each at least once, and never two sends at a time.
 *
 * Callers may call `send` concurrently; their calls wait for each other inside, first come first served,
 * because concurrent sends on an idempotent kafkajs producer lose acknowledged records when one answer is
 * lost (kafkajs issues #598 and #1005, pull request #1172). After any rejected send or connect the producer
 * is thrown away, since kafkajs reuses its sequence numbers and the broker would take new records for a
 * repetition of the failed ones; the next send makes a new one. A caller that sends a failed part again
 * therefore may write it twice: readers tell records apart by what is in them. After a failure the caller
 * whose turn is next goes ahead of that repetition, so records that must stay in order have one caller.
 */
export class KafkaSender {
  private line: Line | undefined;
  private turn: Promise<unknown> = Promise.resolve();
  private state: 'open' | 'closing' | 'cut' = 'open';

  constructor(private readonly options: KafkaSenderOptions) {}

  /** Connects now, not with the first send. Rejects when no broker answers; a later send tries again. */
  async open(): Promise<void> {
    this.refuseUnless(this.state === 'open');
    await this.inTurn(() => this.connectedLine());
  }

  /**
   * Resolves when all records are on all in-sync replicas, with the place of each, in the order given.
   *
   * @throws KafkaSendError when a part failed
   * @throws RangeError when a record is too large; nothing was sent
   */
  async send(records: readonly OutgoingRecord[]): Promise<SentRecord[]> {
    this.refuseUnless(this.state === 'open');
    const kept = [...records];
    return this.inTurn(() => this.sendAll(kept));
  }

  /**
   * Refuses further sends and ends every connection. Sends that were called before have `graceMs` to
   * finish; those that have not by then reject.
   */
  async close(graceMs = 10_000): Promise<void> {
    if (this.state === 'open') this.state = 'closing';
    const deadline = setTimeout(() => this.cut(), graceMs);
    await this.turn;
    clearTimeout(deadline);
    const { line } = this;
    this.line = undefined;
    this.state = 'cut';
    // Nothing is in flight any more, so this only says goodbye.
    await line?.producer.disconnect().catch(() => undefined);
    line?.cut('the sender was closed');
  }

  private cut(): void {
    this.state = 'cut';
    this.line?.cut('the sender was closed');
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }

  private async sendAll(records: OutgoingRecord[]): Promise<SentRecord[]> {
    const sent: SentRecord[] = [];
    for (const batch of splitBatches(records)) {
      let line: Line | undefined;
      try {
        line = await this.connectedLine();
        const answer = await Promise.race([this.sendBatch(line, batch), line.gone]);
        for (const place of answer) sent.push(place);
      } catch (cause) {
        if (line) this.discard(line, cause);
        throw new KafkaSendError(sent.length, line ? batch.length : 0, records.length, cause);
      }
    }
    return sent;
  }

  private async sendBatch(line: Line, batch: OutgoingRecord[]): Promise<SentRecord[]> {
    const byTopic = new Map<string, Message[]>();
    const messages = batch.map(({ topic, key, value, headers = {} }) => {
      const message: Message = { key, value, headers };
      const same = byTopic.get(topic);
      if (same) same.push(message);
      else byTopic.set(topic, [message]);
      return message;
    });
    const topicMessages: TopicMessages[] = [...byTopic].map(([topic, ofTopic]) => ({
      topic,
      messages: ofTopic,
    }));
    const answer = await line.producer.sendBatch({ topicMessages, acks: -1, timeout: 30_000 });
    return places(batch, messages, line.partitions, answer);
  }

  private async connectedLine(): Promise<Line> {
    this.refuseUnless(this.state !== 'cut');
    if (this.line) return this.line;
    const line = await newLine(this.options);
    this.refuseUnless(this.state !== 'cut');
    // Known while it connects, so that closing can cut it.
    this.line = line;
    try {
      // A producer whose connect was rejected sends without its idempotence and says nothing
      // (src/producer/index.js).
      await Promise.race([line.producer.connect(), line.gone]);
      return line;
    } catch (cause) {
      this.discard(line, cause);
      throw new Error(`Kafka cannot be reached at ${this.options.settings.brokers.join(', ')}`, { cause });
    }
  }

  private refuseUnless(allowed: boolean): void {
    if (!allowed) throw new Error('the Kafka sender is closed');
  }

  private discard(line: Line, cause: unknown): void {
    if (this.line === line) this.line = undefined;
    this.options.logger.warn('Kafka producer given up, the next send makes a new one', {
      error: reasonOf(cause),
    });
    line.cut('the producer was given up');
    line.producer.disconnect().catch((error: unknown) => {
      this.options.logger.debug('Kafka producer did not disconnect cleanly', { error: reasonOf(error) });
    });
  }
}

async function newLine(options: KafkaSenderOptions): Promise<Line> {
  const client = await openClient(options.settings, options.logger, options.requestRetry ?? requestRetry);
  const partitions = new WeakMap<Message, number>();
  const producer = client.kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    retry: retryOptions(options.sendRetry ?? defaultSendRetry),
    createPartitioner: () => {
      const choose = client.library.Partitioners.DefaultPartitioner();
      return (given) => {
        const partition = choose(given);
        partitions.set(given.message, partition);
        return partition;
      };
    },
  });
  let reject: (error: Error) => void = () => undefined;
  const gone = new Promise<never>((_, refuse) => (reject = refuse));
  gone.catch(() => undefined);
  const cut = (reason: string) => {
    client.cut(reason);
    reject(new Error(reason));
  };
  return { client, producer, partitions, gone, cut };
}

/** A send is one record batch for each partition, so its records stand at consecutive offsets. */
function places(
  batch: OutgoingRecord[],
  messages: Message[],
  partitions: WeakMap<Message, number>,
  answer: RecordMetadata[],
): SentRecord[] {
  const next = new Map(
    answer.map((part) => [`${part.topicName} ${part.partition}`, Number(part.baseOffset)]),
  );
  return batch.map(({ topic }, at) => {
    const partition = partitions.get(messages[at]!)!;
    const place = `${topic} ${partition}`;
    const offset = next.get(place);
    if (offset === undefined) throw new Error(`no answer for ${topic} partition ${partition}`);
    next.set(place, offset + 1);
    return { topic, partition, offset };
  });
}
