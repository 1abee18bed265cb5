import { requestRetry, requestTimeoutMs } from './client.js';
import type { KafkaLogger } from './client.js';
import type { BatchHandler } from './delivery.js';
import { reasonOf } from './reason.js';
import { ReceiverSession } from './receiver-session.js';
import type { MembershipTimes, SessionOptions } from './receiver-session.js';
import type { KafkaSettings, RetryBounds } from './settings.js';

export interface KafkaReceiverOptions {
  settings: KafkaSettings;
  logger: KafkaLogger;
  groupId: string;
  /** Names, not patterns: kafkajs does not see topics that come to match later. */
  topics: readonly string[];
  onBatch: BatchHandler;
  /** Called once when receiving has ended by itself. The receiver is stopped then; `start` opens it again. */
  onDead: (error: Error) => void;
  /** Most records in one call of the handler, 200 unless given: it must finish well within the session. */
  batchMax?: number;
  /** How long a partition rests when the handler took only a part; 500 ms unless given. */
  pauseMs?: number;
  /** After failures of the handler; from 500 ms to 30 s unless given. */
  backoff?: { firstMs: number; maxMs: number };
  times?: Partial<MembershipTimes>;
  /** For finding a broker to start with; about 40 s in all unless given. */
  requestRetry?: RetryBounds;
}

/**
 * Short sessions, since handlers are: a member that was killed holds its group up for as long. Much shorter than a
 * request may take, because whoever joins next waits for the dead one's part within one request.
 */
const defaultTimes: MembershipTimes = {
  sessionMs: 15_000,
  heartbeatMs: 3_000,
  rebalanceMs: 30_000,
  maxWaitMs: 1_000,
};
const deadGraceMs = 1_000;

/**
 * Receives a group's share of the records of some topics, from the first one ever on, each at least once.
 *
 * The handler should journal and return: kafkajs sends no heartbeat while it works, so one that takes
 * longer than the session is run again elsewhere at the same time (kafkajs issues #1083 and #1396). What it
 * must not do is judge a record by throwing: a bad record is taken and set aside by the handler, or it
 * comes back for ever.
 */
export class KafkaReceiver {
  private topics: string[];
  private session: ReceiverSession | undefined;
  /** The session that is being opened or is joining; `stop` does not wait for it. */
  private opening: ReceiverSession | undefined;
  private stops = 0;
  /** The group member that the last session could not sign off. */
  private member: string | undefined;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: KafkaReceiverOptions) {
    const { sessionMs } = { ...defaultTimes, ...options.times };
    if (sessionMs > requestTimeoutMs / 2) throw new Error(`a session of ${sessionMs} ms outlasts the requests that wait for it to end`);
    this.topics = [...options.topics];
  }

  /** Resolves when the group is joined. Rejects, with nothing left running, when that fails. */
  async start(): Promise<void> {
    const { stops } = this;
    await this.inTurn(async () => {
      if (stops !== this.stops) throw new Error('stopped before it started');
      if (!this.session) await this.run(await this.open(this.topics));
    });
  }

  /**
   * Leaves the group; waits for a running handler at most `graceMs` and does not commit what it answers
   * later. A start that has not joined yet is broken off and rejects.
   */
  async stop(graceMs = 10_000): Promise<void> {
    this.stops++;
    this.opening?.abandon();
    await this.inTurn(() => this.end(graceMs));
  }

  /**
   * Receives these topics from now on. The new list is looked up first, so that a topic that does not exist
   * rejects and leaves the old list running. A receiver that is not started only remembers the list.
   */
  async replaceTopics(topics: readonly string[], graceMs = 10_000): Promise<void> {
    const wanted = [...topics];
    await this.inTurn(async () => {
      if (sameNames(wanted, this.topics)) return;
      const next = this.session && (await this.open(wanted));
      this.topics = wanted;
      if (!next) return;
      await this.end(graceMs);
      await this.run(next);
    });
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }

  private async open(topics: string[]): Promise<ReceiverSession> {
    const session = new ReceiverSession(this.sessionOptions(topics));
    this.opening = session;
    try {
      await session.open();
      return session;
    } catch (cause) {
      await session.end(0);
      const what = `topics ${topics.join(', ')} for group ${this.options.groupId}`;
      throw new Error(`Kafka receiver cannot open ${what}`, { cause });
    } finally {
      this.opening = undefined;
    }
  }

  private async run(session: ReceiverSession): Promise<void> {
    this.session = session;
    this.opening = session;
    try {
      await session.run((error) => this.died(session, error));
    } catch (error) {
      await this.end(deadGraceMs);
      throw error;
    } finally {
      this.opening = undefined;
    }
  }

  private sessionOptions(topics: string[]): SessionOptions {
    const { options } = this;
    return {
      settings: options.settings,
      logger: options.logger,
      groupId: options.groupId,
      topics,
      member: this.member,
      onBatch: options.onBatch,
      batchMax: options.batchMax ?? 200,
      pauseMs: options.pauseMs ?? 500,
      backoff: options.backoff ?? { firstMs: 500, maxMs: 30_000 },
      times: { ...defaultTimes, ...options.times },
      requestRetry: options.requestRetry ?? requestRetry,
    };
  }

  private died(session: ReceiverSession, error: Error): void {
    const { logger, groupId, onDead } = this.options;
    logger.error('Kafka receiver died', { group: groupId, error: reasonOf(error) });
    void this.inTurn(async () => {
      if (this.session !== session) return;
      await this.end(deadGraceMs);
      try {
        onDead(error);
      } catch (thrown) {
        logger.error('onDead of a Kafka receiver threw', { group: groupId, error: reasonOf(thrown) });
      }
    });
  }

  private async end(graceMs: number): Promise<void> {
    const { session } = this;
    this.session = undefined;
    if (session) this.member = await session.end(graceMs);
  }
}

function sameNames(one: string[], other: string[]): boolean {
  return [...new Set(one)].sort().join('\n') === [...new Set(other)].sort().join('\n');
}
