import type { Pool } from 'pg';
import { PostgresReader } from '#ledger';
import { pause } from '#platform';

/** An event as it is given on: its place, and the exact bytes that the ledger stores. */
export interface FeedEvent {
  position: number;
  stream: string;
  type: string;
  bytes: Buffer;
}

const pollMs = 50;

/** The ledger as it grows, for those who follow it from outside, and the evidence that it names. */
export class Feed {
  private readonly reader: PostgresReader;
  private readonly waiting = new Set<{ after: number; done: () => void }>();
  private watching = false;

  constructor(pool: Pool) {
    this.reader = new PostgresReader(pool);
  }

  /** Number of events. */
  async size(): Promise<number> {
    return (await this.reader.head()).position;
  }

  after(position: number, limit: number): Promise<FeedEvent[]> {
    return this.reader.read(position, limit);
  }

  evidence(sha256: string): Promise<Buffer | undefined> {
    return this.reader.blob(sha256);
  }

  /** Until the ledger holds more than `after`, the time is up, or `gone`. One look at the head serves all who wait. */
  grown(after: number, limitMs: number, gone: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const one = {
        after,
        done: () => {
          clearTimeout(timer);
          this.waiting.delete(one);
          gone.removeEventListener('abort', one.done);
          resolve();
        },
      };
      const timer = setTimeout(one.done, limitMs);
      gone.addEventListener('abort', one.done, { once: true });
      this.waiting.add(one);
      if (gone.aborted) one.done();
      else if (!this.watching) void this.watch();
    });
  }

  private async watch(): Promise<void> {
    this.watching = true;
    while (this.waiting.size > 0) {
      // Out of reach for a moment: whoever waits finds out by itself when it reads again.
      const head = await this.size().catch(() => 0);
      for (const one of [...this.waiting]) if (head > one.after) one.done();
      if (this.waiting.size > 0) await pause(pollMs);
    }
    this.watching = false;
  }
}
