import { setTimeout } from 'node:timers/promises';
import type { Pool } from 'pg';
import { bodiesOf } from '../envelope.js';
import { LedgerUnavailable } from '../contract.js';
import type { AppendItem, AppendResult, CommandRecord, Head, Ledger, StoredEvent, StreamPart } from '../contract.js';
import { appendStatement, resultOf } from './append-statement.js';
import type { AppendRow } from './append-statement.js';
import { takeBatch } from './batch.js';
import type { Waiting } from './batch.js';
import { PostgresReader } from './reader.js';
import { StreamReads } from './stream-reads.js';
import { isConnectionTrouble } from './trouble.js';

export interface ShelfOptions {
  /** Statements under way at once. More than one only helps where the network to PostgreSQL is slow. */
  lanes?: number;
  /** How often a statement of unknown outcome is repeated before the callers hear of it. */
  attempts?: number;
  pause?: (ms: number) => Promise<unknown>;
}

/** So many items that wait are better sent at once than held for those that may join them. */
const worthAStatement = 32;
/** So many callers may go on before the next statement leaves, to share it. */
const answeredAtOnce = 64;

/**
 * The ledger in PostgreSQL. Concurrent callers are grouped: while a statement is under way, the next one gathers, so that
 * one commit serves many. A statement whose outcome is unknown (the connection broke) is repeated as it is, which is safe
 * because each item carries its command id.
 */
export class PostgresShelf implements Ledger {
  private readonly queue: Waiting[] = [];
  private readonly reader: PostgresReader;
  private readonly streams: StreamReads;
  private readonly lanes: number;
  private readonly attempts: number;
  private readonly pause: (ms: number) => Promise<unknown>;
  private underWay = 0;
  private flushing = false;

  constructor(
    private readonly pool: Pool,
    options: ShelfOptions = {},
  ) {
    this.reader = new PostgresReader(pool);
    this.streams = new StreamReads(this.reader);
    this.lanes = options.lanes ?? 1;
    this.attempts = options.attempts ?? 6;
    this.pause = options.pause ?? ((ms) => setTimeout(ms));
  }

  append(items: AppendItem[]): Promise<AppendResult[]> {
    const bodies = items.map(bodiesOf);
    const results = items.map((item, i) => this.enqueue(item, bodies[i]!));
    this.flushSoon();
    return Promise.all(results);
  }

  head(): Promise<Head> {
    return this.reader.head();
  }

  read(after: number, limit: number): Promise<StoredEvent[]> {
    return this.reader.read(after, limit);
  }

  readStream(stream: string, afterVersion = 0): Promise<StoredEvent[]> {
    return this.streams.read(stream, afterVersion);
  }

  readStreams(wanted: readonly StreamPart[]): Promise<StoredEvent[]> {
    return this.reader.readStreams(wanted);
  }

  findCommand(command: string): Promise<CommandRecord | undefined> {
    return this.reader.findCommand(command);
  }

  private enqueue(item: AppendItem, bodies: Buffer[]): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      const bytes = bodies.reduce((sum, body) => sum + body.length, 0);
      this.queue.push({ item, bodies, bytes, resolve, reject });
    });
  }

  private flush(): void {
    while (this.underWay < this.lanes && this.queue.length > 0) {
      this.underWay += 1;
      void this.write(takeBatch(this.queue));
    }
  }

  private async write(batch: Waiting[]): Promise<void> {
    const answer = await this.send(batch).then(
      (rows) => (one: Waiting, i: number) => one.resolve(resultOf(rows[i]!)),
      (error: unknown) => (one: Waiting) => one.reject(error),
    );
    this.underWay -= 1;
    // What the callers do next takes time, in which PostgreSQL shall have work: with enough at hand the next statement leaves
    // before they are answered, and else when some are.
    const atOnce = this.queue.length < worthAStatement ? answeredAtOnce : 0;
    batch.slice(0, atOnce).forEach(answer);
    if (atOnce === 0) this.flush();
    else this.flushSoon();
    if (batch.length > atOnce) setImmediate(() => batch.forEach((one, i) => i >= atOnce && answer(one, i)));
  }

  /** After all that runs now: callers that were answered together and go on at once share the next statement too. */
  private flushSoon(): void {
    if (this.flushing) return;
    this.flushing = true;
    process.nextTick(() => {
      this.flushing = false;
      this.flush();
    });
  }

  private async send(batch: Waiting[]): Promise<AppendRow[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.pool.query<AppendRow>(appendStatement(batch));
        return answer.rows;
      } catch (error) {
        if (!isConnectionTrouble(error)) throw error;
        if (attempt >= this.attempts) throw new LedgerUnavailable(error);
        await this.pause(50 * 2 ** attempt);
      }
    }
  }
}
