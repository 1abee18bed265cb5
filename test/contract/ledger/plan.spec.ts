import { PostgresShelf } from '#ledger';
import { openPool, silentLogger } from '#platform';
import { TestLedger } from '../../support/ledgers.js';
import { item } from '../../support/items.js';
import { until } from '../../support/until.js';

let book: TestLedger;
beforeEach(async () => (book = await TestLedger.open()));
afterEach(() => book.close());

it('finds events by index from the first append on, when the ledger is still empty', async () => {
  const pool = await openPool({ url: book.database.app, name: 'test', max: 1, logger: silentLogger });
  const shelf = new PostgresShelf(pool);
  const times = 20;
  for (let i = 0; i < times; i++) {
    await shelf.append([item('s/1', { guards: [{ stream: 's/2', version: 0 }] })]);
    await shelf.append([item(`t/${i}`), item(`u/${i}`)]);
  }
  // A connection hands over what it counted at the latest when it ends.
  await pool.end();
  const seen = async () => (await book.sql(`select seq_scan::integer as whole, idx_scan::integer as indexed from pg_stat_user_tables where schemaname = 'ledger' and relname = 'event'`))[0]!.rows[0] as { whole: number; indexed: number };
  await until(async () => (await seen()).indexed >= times * 3, 10_000, async () => JSON.stringify(await seen()));
  expect((await seen()).whole).toBe(0);
});
