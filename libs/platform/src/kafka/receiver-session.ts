import type { Consumer } from 'kafkajs';
import { setTimeout as pause } from 'node:timers/promises';
import { assignBySubscription } from './assigner.js';
import { awaitBroker } from './broker-check.js';
import { openClient, retryOptions } from './client.js';
import type { KafkaClient, KafkaLogger } from './client.js';
import { Delivery } from './delivery.js';
import type { DeliveryOptions } from './delivery.js';
import { reasonOf } from './reason.js';
import type { KafkaSettings, RetryBounds } from './settings.js';
import { membershipOf, resumeMembership } from './shim-membership.js';
import { Watchdog } from './watchdog.js';

/** Times of a group membership, in milliseconds; the broker bounds the session (by default 6 s to 30 min). */
export interface MembershipTimes {
  sessionMs: number;
  heartbeatMs: number;
  rebalanceMs: number;
  /** How long the broker may hold a fetch that finds nothing; stopping waits for it. */
  maxWaitMs: number;
}

export interface SessionOptions extends DeliveryOptions {
  settings: KafkaSettings;
  logger: KafkaLogger;
  groupId: string;
  topics: string[];
  /** The member to come back as, when an earlier session could not leave the group. */
  member: string | undefined;
  times: MembershipTimes;
  /** For finding a broker to start with; its pauses are also those of the running consumer. */
  requestRetry: RetryBounds;
}

/**
 * Bounds for a consumer that runs: a little more patient than the watchdog. One that gives up earlier comes
 * back as a new member, and the broker lets it wait until the session of the old one has run out.
 */
function patience({ times, requestRetry }: SessionOptions): RetryBounds {
  return { ...requestRetry, retries: 15 + Math.ceil((2 * times.sessionMs) / requestRetry.maxPauseMs) };
}

/**
 * One kafkajs consumer from its connection to its end. It is not started twice: kafkajs cannot subscribe
 * while it runs, and a consumer that crashed keeps state. A change or a repair is a new session.
 */
export class ReceiverSession {
  private readonly delivery: Delivery;
  private client: KafkaClient | undefined;
  private consumer: Consumer | undefined;
  private cluster: object | undefined;
  private watchdog: Watchdog | undefined;
  private ended = false;
  private heard = performance.now();
  private joined: () => void = () => undefined;
  private onDead: (error: Error) => void = () => undefined;

  constructor(private readonly options: SessionOptions) {
    this.delivery = new Delivery(options, () => performance.now() - this.heard > options.times.sessionMs);
  }

  /** Connects and looks the topics up, but does not join the group yet. */
  async open(): Promise<void> {
    const { options } = this;
    await this.unlessDead(async () => {
      await awaitBroker(options.settings, options.requestRetry, () => !this.ended);
      if (this.ended) return;
      this.client = await openClient(options.settings, options.logger, patience(options));
      this.consumer = this.newConsumer(this.client);
      await this.consumer.connect();
      // What was written before the first join, or while the group was away for long, must not be skipped.
      await this.consumer.subscribe({ topics: options.topics, fromBeginning: true });
    });
  }

  /**
   * Joins the group; resolves when it has partitions assigned (perhaps none).
   *
   * @param onDead called once if the session dies after that; the session still has to be ended
   */
  async run(onDead: (error: Error) => void): Promise<void> {
    const consumer = this.consumer!;
    await this.unlessDead(async () => {
      const joined = new Promise<void>((resolve) => (this.joined = resolve));
      this.watch(consumer);
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 1,
        eachBatch: (payload) => this.delivery.deliver(payload),
      });
      await joined;
    });
    this.onDead = onDead;
  }

  /** Breaks off `open` and `run`, which then reject. */
  abandon(): void {
    this.die(new Error('stopped while starting'));
  }

  /**
   * Leaves the group. Waits at most `graceMs` for the handler and for kafkajs, then ends every connection.
   *
   * @returns the member that the broker still waits for, when leaving did not succeed
   */
  async end(graceMs: number): Promise<string | undefined> {
    this.ended = true;
    this.delivery.stop();
    this.watchdog?.stop();
    const waiting = new AbortController();
    const left = this.consumer?.disconnect().catch((error: unknown) => {
      this.options.logger.debug('Kafka consumer did not disconnect cleanly', { error: reasonOf(error) });
    });
    await Promise.race([left, pause(graceMs, undefined, { signal: waiting.signal }).catch(() => undefined)]);
    waiting.abort();
    this.client?.cut('the receiver was stopped');
    return this.cluster && membershipOf(this.cluster);
  }

  /** Runs a part of the start; rejects at once when the session dies meanwhile. */
  private async unlessDead(work: () => Promise<void>): Promise<void> {
    const dead = new Promise<never>((_, reject) => (this.onDead = reject));
    await Promise.race([work(), dead]);
  }

  private newConsumer({ kafka, library }: KafkaClient): Consumer {
    const { groupId, times } = this.options;
    return kafka.consumer({
      groupId,
      sessionTimeout: times.sessionMs,
      heartbeatInterval: times.heartbeatMs,
      rebalanceTimeout: times.rebalanceMs,
      maxWaitTimeInMs: times.maxWaitMs,
      allowAutoTopicCreation: false,
      readUncommitted: false,
      partitionAssigners: [assignBySubscription(library, (cluster) => this.resume(cluster))],
      // kafkajs asks after a crash; without this a consumer that was stopped meanwhile would rise again.
      retry: {
        ...retryOptions(patience(this.options)),
        restartOnFailure: () => Promise.resolve(!this.ended),
      },
    });
  }

  private resume(cluster: object): void {
    this.cluster = cluster;
    if (this.options.member !== undefined) resumeMembership(cluster, this.options.member);
  }

  private watch(consumer: Consumer): void {
    const { events } = consumer;
    const { groupId, times, logger } = this.options;
    this.watchdog = new Watchdog(2 * times.sessionMs, (silentMs) => {
      this.die(new Error(`Kafka receiver of group ${groupId} heard nothing for ${silentMs} ms`));
    });
    const contact = () => {
      this.heard = performance.now();
      this.watchdog?.sign();
    };
    consumer.on(events.HEARTBEAT, contact);
    consumer.on(events.COMMIT_OFFSETS, contact);
    consumer.on(events.FETCH, () => this.watchdog?.sign());
    consumer.on(events.GROUP_JOIN, ({ payload }) => {
      contact();
      const { memberAssignment: assigned, duration: ms } = payload;
      logger.info('Kafka group joined', { group: groupId, assigned, ms });
      this.joined();
    });
    consumer.on(events.CRASH, ({ payload }) => {
      const fields = { group: groupId, error: reasonOf(payload.error) };
      if (payload.restart) logger.warn('Kafka consumer crashed and restarts', fields);
      else this.die(new Error(`Kafka receiver of group ${groupId} crashed`, { cause: payload.error }));
    });
  }

  private die(error: Error): void {
    if (this.ended) return;
    this.ended = true;
    this.watchdog?.stop();
    this.onDead(error);
  }
}
