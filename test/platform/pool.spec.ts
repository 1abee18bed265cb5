import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { causeChain, jsonLogger, openPool } from '#platform';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';

let database: TestDatabase;
beforeAll(async () => void (database = await createDatabase()));
afterAll(() => database.drop());

async function withPool<T>(url: string, max: number, work: (pool: Awaited<ReturnType<typeof openPool>>, lines: string[]) => Promise<T>): Promise<T> {
  const lines: string[] = [];
  const pool = await openPool({ url, name: 'pool test', max, logger: jsonLogger('debug', {}, (line) => void lines.push(line)) });
  try {
    return await work(pool, lines);
  } finally {
    await pool.end();
  }
}

const cut = (where: string) => `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and ${where}`;

it('drops an idle connection that broke, tells of it, and serves on', () =>
  withPool(database.admin, 3, async (pool, lines) => {
    await Promise.all(Array.from({ length: 3 }, () => pool.query('select pg_sleep(0.05)')));
    expect(pool.totalCount).toBe(3);
    await withPool(database.admin, 1, (other) => other.query(cut(`application_name = 'pool test'`)));
    const warnings = () => lines.filter((line) => line.includes('an idle PostgreSQL connection broke'));
    await until(() => warnings().length >= 3, 5_000, () => lines.join(''));
    expect(JSON.parse(warnings()[0]!)).toMatchObject({ level: 'warn' });
    expect((await pool.query<{ n: number }>('select 1 as n')).rows).toEqual([{ n: 1 }]);
  }));

it('rejects a query whose connection is cut, and that one alone', () =>
  withPool(database.admin, 3, async (pool) => {
    const long = pool.query('select pg_sleep(30)').then(() => 'done', (error: unknown) => causeChain(error));
    await until(async () => (await pool.query(cut(`query like 'select pg_sleep(30)%'`))).rowCount === 1, 5_000);
    expect(await long).toContain('terminating connection due to administrator command');
    expect((await pool.query<{ n: number }>('select 2 as n')).rows).toEqual([{ n: 2 }]);
  }));

it('gives up a server that takes the connection and never answers', async () => {
  const silent = createServer((socket) => socket.on('error', () => undefined));
  const sockets: { destroy(): void }[] = [];
  silent.on('connection', (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = silent.address() as AddressInfo;
    await withPool(`postgres://u:hunter2@127.0.0.1:${port}/d`, 1, async (pool) => {
      const began = performance.now();
      const said = await pool.query('select 1').then(() => 'done', (error: unknown) => causeChain(error));
      expect(said).toMatch(/timeout/);
      expect(said).not.toContain('hunter2');
      expect(performance.now() - began).toBeLessThan(15_000);
    });
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  }
});

it('says of a wrong password who was refused, and not with what', async () => {
  const url = new URL(database.admin);
  Object.assign(url, { username: 'rollbook_test_app', password: 'hunter2' });
  await withPool(url.href, 1, async (pool) => {
    const said = await pool.query('select 1').then(() => 'done', (error: unknown) => causeChain(error));
    expect(said).toBe('password authentication failed for user "rollbook_test_app"');
  });
});
