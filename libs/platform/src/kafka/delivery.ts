import type { EachBatchPayload } from 'kafkajs';
import type { KafkaLogger } from './client.js';
import { reasonOf } from './reason.js';
import { toReceived } from './records.js';
import type { ReceivedRecord } from './records.js';

/** What a handler can ask while it works. */
export interface BatchControl {
  /** True once another member may have the partition, or the receiver stops: answer with what is done. */
  stale(): boolean;
}

/**
 * Takes records of one partition, in order of offset, and answers how many leading ones it took. It is
 * never called again before it has answered. It sees a record again whenever its answer was not committed.
 */
export type BatchHandler = (records: ReceivedRecord[], control: BatchControl) => Promise<number>;

export interface DeliveryOptions {
  onBatch: BatchHandler;
  logger: KafkaLogger;
  /** Most records in one call of the handler. */
  batchMax: number;
  /** How long a partition rests when the handler took only a part. */
  pauseMs: number;
  /** How long it rests after the first and at most after a later failure in a row of the handler. */
  backoff: { firstMs: number; maxMs: number };
}

type Outcome = { taken: number; failed: boolean };

/**
 * Brings the batches of kafkajs to the handler and commits what it took. A handler that throws must not be
 * seen by kafkajs, which would block the partition's whole fetch, crash and make the group rebalance again
 * and again; here only that partition rests, and the others go on.
 */
export class Delivery {
  private readonly failures = new Map<string, number>();
  private readonly resting = new Set<NodeJS.Timeout>();
  private stopped = false;

  /** @param expelled whether the broker may have given this member's partitions away */
  constructor(
    private readonly options: DeliveryOptions,
    private readonly expelled: () => boolean,
  ) {}

  /** For `eachBatch`. Rejects only with errors of kafkajs itself, which must learn of a rebalance. */
  async deliver(payload: EachBatchPayload): Promise<void> {
    const { topic, partition, messages } = payload.batch;
    const current = () => !this.stopped && payload.isRunning() && !payload.isStale() && !this.expelled();
    for (let at = 0; at < messages.length && current(); ) {
      const part = messages.slice(at, at + this.options.batchMax);
      const records = part.map((message) => toReceived(topic, partition, message));
      const { taken, failed } = await this.offer(records, { stale: () => !current() });
      at += taken;
      if (taken > 0) payload.resolveOffset(part[taken - 1]!.offset);
      if (taken < part.length) this.rest(payload, failed);
      if (taken > 0) await payload.commitOffsetsIfNecessary(payload.uncommittedOffsets());
      await payload.heartbeat();
      if (taken < part.length) return;
    }
  }

  /** Nothing more is delivered. What a running handler answers is committed if the connection still is. */
  stop(): void {
    this.stopped = true;
    for (const timer of this.resting) clearTimeout(timer);
    this.resting.clear();
  }

  private async offer(records: ReceivedRecord[], control: BatchControl): Promise<Outcome> {
    const { topic, partition, offset } = records[0]!;
    const key = `${topic} ${partition}`;
    try {
      const taken = await this.options.onBatch(records, control);
      if (!Number.isInteger(taken) || taken < 0 || taken > records.length) {
        throw new RangeError(`the handler answered ${taken} for a batch of ${records.length}`);
      }
      this.failures.delete(key);
      return { taken, failed: false };
    } catch (error) {
      const times = (this.failures.get(key) ?? 0) + 1;
      this.failures.set(key, times);
      const fields = { topic, partition, offset, records: records.length, times, error: reasonOf(error) };
      this.options.logger.error('Kafka handler failed; the records will be delivered again', fields);
      return { taken: 0, failed: true };
    }
  }

  private rest(payload: EachBatchPayload, failed: boolean): void {
    if (this.stopped) return;
    const { topic, partition } = payload.batch;
    const { backoff, pauseMs } = this.options;
    const times = this.failures.get(`${topic} ${partition}`) ?? 1;
    const wait = failed ? Math.min(backoff.maxMs, backoff.firstMs * 2 ** (times - 1)) : pauseMs;
    const resume = payload.pause();
    const timer = setTimeout(() => {
      this.resting.delete(timer);
      resume();
    }, wait);
    this.resting.add(timer);
  }
}
