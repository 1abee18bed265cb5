import { PostgresShelf } from '#ledger';
import { openPool, silentLogger } from '#platform';
import { TestLedger } from '../../support/ledgers.js';
import { item } from '../../support/items.js';
import { until } from '../../support/until.js';

let book: TestLedger;
beforeEach(async () => (book = await TestLedger.open()));
afterEach(() => book.close());

/** Events that PostgreSQL looked at, in the table and in its indexes, and how often it looked. */
async function looks(): Promise<{ events: number; times: number }> {
  const [answer] = await book.sql(`
    select (t.seq_tup_read + sum(i.idx_tup_read))::integer as events, sum(i.idx_scan)::integer as times
    from pg_stat_user_tables t join pg_stat_user_indexes i using (relid) where t.schemaname = 'ledger' and t.relname = 'event' group by t.seq_tup_read`);
  return answer!.rows[0] as { events: number; times: number };
}

it('looks at no more events the more there are, though its plans were made when there was none', async () => {
  const pool = await openPool({ url: book.database.app, name: 'test', max: 1, logger: silentLogger });
  const shelf = new PostgresShelf(pool);
  const times = 100;
  for (let i = 0; i < times; i++) await shelf.append([item(`s/${i}`, { guards: [{ stream: 't/1', version: 0 }] })]);
  // A connection hands over what it counted at the latest when it ends.
  await pool.end();
  await until(async () => (await looks()).times >= times * 3, 10_000, async () => JSON.stringify(await looks()));
  expect((await looks()).events).toBeLessThanOrEqual(times * 3);
});
