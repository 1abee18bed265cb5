import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { isAlive } from '#platform';
import { createEmptyDatabase } from '../support/database.js';
import { Machine, killQuietly } from '../support/machine.js';
import { until } from '../support/until.js';

/** A home whose name a careless program would take apart. */
const machine = new Machine({}, 'Rösti & Söhne: "1"');
const machines = [machine];
afterAll(async () => {
  for (const one of machines) await one.dispose();
});

const nothingLeft = (of: Machine, limitMs: number) => until(() => of.processes().length === 0, limitMs, () => of.processes().map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8')).join('\n'));

it.each([
  ['PostgreSQL is only just being made', () => existsSync(join(machine.home, 'postgres'))],
  ['PostgreSQL is only just starting', () => machine.processes().length > 1],
  ['the services are only just starting', () => existsSync(join(machine.home, 'logs/api.log'))],
])('ends within 5 s, and leaves nothing, when %s', async (_, reached) => {
  const child = machine.begin(['--no-story']);
  await until(reached, 60_000, () => machine.output);
  const { code, ms } = await machine.stop('SIGTERM');
  expect([code, ms < 5_000, child.signalCode]).toEqual([0, true, null]);
  await nothingLeft(machine, 5_000 - ms);
}, 90_000);

it('comes up after a kill in the middle of its first start, once, with its four nodes', async () => {
  machine.begin(['--no-story']);
  await until(() => existsSync(join(machine.home, 'logs/agent.log')), 60_000, () => machine.output);
  killQuietly(machine.pid, 'SIGKILL');
  // The services notice; PostgreSQL stays for the next start.
  await until(() => machine.processes().every((pid) => /postgres/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))), 20_000);
  // What a machine that lost its power leaves of small files.
  writeFileSync(join(machine.home, 'run.json'), '');
  await machine.start(['--no-story']);
  await until(async () => (await machine.json('node', 'list')).length === 4, 30_000, () => machine.log('agent'));
}, 120_000);

it('starts once when it is started twice at the same moment', async () => {
  await machine.stop();
  const [first, second] = [machine.begin(['--no-story']), machine.begin(['--no-story'])];
  const from = machine.output.length;
  await until(() => machine.output.slice(from).includes('Rollbook serves at') && [first, second].some((one) => one.exitCode !== null), 90_000, () => machine.output.slice(from));
  const [loser, winner] = first.exitCode === null ? [second, first] : [first, second];
  expect([loser.exitCode, winner.exitCode]).toEqual([1, null]);
  expect(machine.output.slice(from)).toContain(`already-running: Rollbook of ${machine.home} runs as process ${winner.pid}`);
  expect(machine.run().pid).toBe(winner.pid);
  const { processes } = machine.run();
  killQuietly(winner.pid!, 'SIGHUP');
  await until(() => winner.exitCode !== null, 5_000);
  expect(Object.values(processes).filter(isAlive)).toEqual([]);
  await nothingLeft(machine, 1_000);
}, 120_000);

it('refuses a port that is taken, and leaves nothing running', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = taken.address() as AddressInfo;
    const one = new Machine({ ROLLBOOK_PORT: String(port) });
    machines.push(one);
    const { code, stderr } = await one.cli('up', '--no-story');
    expect([code, stderr]).toEqual([1, `rollbook: port-taken: port ${port} is in use. End what uses it, or set ROLLBOOK_PORT.\n`]);
    expect(one.processes()).toEqual([]);
  } finally {
    await new Promise((resolve) => taken.close(resolve));
  }
}, 60_000);

it('refuses a home that cannot be written, and says what to set', async () => {
  const one = new Machine({}, 'no-folder/home');
  machines.push(one);
  writeFileSync(join(one.home, '..'), '');
  const { code, stderr } = await one.cli('up', '--no-story');
  expect(code).toBe(1);
  expect(stderr).toMatch(/^rollbook: home-not-writable: .* cannot be used: ENOTDIR.*\. Set ROLLBOOK_HOME to a directory that may be written\.\n$/);
}, 60_000);

it('runs on a database that it is given, brings no PostgreSQL of its own, and leaves the given one as it is', async () => {
  const database = await createEmptyDatabase();
  const one = new Machine({ DATABASE_URL: database.admin });
  machines.push(one);
  try {
    await one.start(['--no-story']);
    expect(one.output).toContain(`database ${database.name}`);
    expect(Object.keys(one.run().processes).sort()).toEqual(['agent', 'api', 'worker']);
    expect([existsSync(join(one.home, 'postgres')), one.output.includes(new URL(database.admin).password)]).toEqual([false, false]);
    await until(async () => (await one.json('node', 'list')).length === 4, 30_000, () => one.log('agent'));
    expect((await one.json<{ ok: boolean }>('ledger', 'verify'))[0]).toMatchObject({ ok: true });
    expect((await one.stop()).code).toBe(0);
    await nothingLeft(one, 1_000);
  } finally {
    await one.stop();
    await database.drop();
  }
}, 120_000);
