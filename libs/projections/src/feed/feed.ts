import type { Pool } from 'pg';
import { PostgresReader } from '#ledger';

/** An event as it is given on: its place, and the exact bytes that the ledger stores. */
export interface FeedEvent {
  position: number;
  stream: string;
  type: string;
  bytes: Buffer;
}

/** The ledger as it grows, for those who follow it from outside, and the evidence that it names. */
export class Feed {
  private readonly reader: PostgresReader;

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
}
