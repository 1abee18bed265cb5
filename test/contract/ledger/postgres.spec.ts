import { PostgresBlobs, PostgresShelf } from '#ledger';
import { openPool, silentLogger } from '#platform';
import type { Pool } from 'pg';
import { createDatabase } from '../../support/database.js';
import type { TestDatabase } from '../../support/database.js';
import { ledgerContract } from './suite.js';

const opened: { database: TestDatabase; pool: Pool }[] = [];

afterAll(async () => {
  for (const { database, pool } of opened) {
    await pool.end();
    await database.drop();
  }
});

ledgerContract('the shelf in PostgreSQL', async () => {
  const database = await createDatabase();
  const pool = await openPool({ url: database.app, name: 'test', max: 4, logger: silentLogger });
  opened.push({ database, pool });
  return { ledger: new PostgresShelf(pool), blobs: new PostgresBlobs(pool) };
});
