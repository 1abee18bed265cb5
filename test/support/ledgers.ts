import type { Pool } from 'pg';
import pg from 'pg';
import { PostgresBlobs, PostgresShelf } from '#ledger';
import type { ShelfOptions } from '#ledger';
import { openPool, silentLogger } from '#platform';
import { createDatabase } from './database.js';
import type { TestDatabase } from './database.js';

/** A ledger in a database of its own, for a spec file; `close` ends all that was opened. */
export class TestLedger {
  private readonly pools: Pool[] = [];

  private constructor(readonly database: TestDatabase) {}

  static async open(): Promise<TestLedger> {
    return new TestLedger(await createDatabase());
  }

  async pool(max = 4, url = this.database.app): Promise<Pool> {
    const pool = await openPool({ url, name: 'test', max, logger: silentLogger });
    this.pools.push(pool);
    return pool;
  }

  async shelf(options: ShelfOptions = {}): Promise<PostgresShelf> {
    return new PostgresShelf(await this.pool(), options);
  }

  async blobs(): Promise<PostgresBlobs> {
    return new PostgresBlobs(await this.pool(1));
  }

  /** Runs statements as superuser (or another login) on one connection. */
  async sql(text: string, url = this.database.admin): Promise<pg.QueryResult[]> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      const result = await client.query(text);
      return Array.isArray(result) ? (result as pg.QueryResult[]) : [result];
    } finally {
      await client.end();
    }
  }

  async close(): Promise<void> {
    for (const pool of this.pools) await pool.end();
    await this.database.drop();
  }
}
