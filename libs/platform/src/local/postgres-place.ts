import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { newSecret } from '../ids.js';
import { replaceFile } from './files.js';
import { reachableByOthers } from './postgres-binaries.js';

/** The user that PostgreSQL runs as when ours is root. */
export interface Runner {
  uid: number;
  gid: number;
}

export function runAs(): Runner | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout));
    if (uid && gid) return { uid, gid };
  }
  throw new Error('PostgreSQL does not run as root and this system has neither a user postgres nor nobody; add one, or set DATABASE_URL');
}

const elsewhere = '/var/lib/rollbook';

/**
 * The directory asked for, or one under the system's state directory when another user could not reach it. Where the data
 * has gone is noted in the directory, so that it is found there also when the directory has become reachable or was
 * moved, and a new directory of the same name does not take an old one's data for its own.
 */
export function placeFor(dir: string, otherUser: boolean): string {
  mkdirSync(dir, { recursive: true });
  const note = join(dir, 'MOVED');
  if (existsSync(note)) {
    const place = /its data is in (.*)\n/.exec(readFileSync(note, 'utf8'))?.[1];
    if (place === undefined || !existsSync(place)) throw new Error(`${note} does not name a directory that exists: bring back the data, or remove ${dir} to begin anew`);
    return place;
  }
  if (!otherUser) return dir;
  // Passing through is enough; what lies in the directory keeps its own mode.
  for (const at of [dir, dirname(dir)]) if (ownedByUs(at)) chmodSync(at, statSync(at).mode | 0o011);
  if (reachableByOthers(dir)) return dir;
  const place = join(elsewhere, randomBytes(6).toString('hex'));
  mkdirSync(place, { recursive: true, mode: 0o755 });
  replaceFile(note, `PostgreSQL's user cannot reach this directory; its data is in ${place}\n`, 0o644);
  return place;
}

function ownedByUs(path: string): boolean {
  return statSync(path).uid === process.getuid?.();
}

export function passwordIn(dir: string): string {
  const file = join(dir, 'admin.password');
  if (!existsSync(file)) replaceFile(file, newSecret());
  return readFileSync(file, 'utf8');
}

export interface Cluster {
  bin: string;
  data: string;
  superuser: string;
  password: string;
  runner: Runner | undefined;
}

/** Makes a cluster beside its place and puts it there whole: an initdb that is cut off leaves something that looks like one. */
export function makeCluster({ bin, data, superuser, password, runner }: Cluster): void {
  for (const name of readdirSync(dirname(data))) if (/^data(\.[0-9a-f]{12}\.next)?$/.test(name)) rmSync(join(dirname(data), name), { recursive: true, force: true });
  const draft = `${data}.${randomBytes(6).toString('hex')}.next`;
  mkdirSync(draft, { mode: 0o700 });
  const passwordFile = `${draft}.password`;
  try {
    writeFileSync(passwordFile, password, { mode: 0o600 });
    if (runner) for (const path of [draft, passwordFile]) chownSync(path, runner.uid, runner.gid);
    const args = ['-D', draft, '-U', superuser, '--pwfile', passwordFile, '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', '--no-sync'];
    const made = spawnSync(join(bin, 'initdb'), args, { encoding: 'utf8', cwd: '/', ...runner });
    if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? made.stderr.trim().split('\n').at(-1)}`);
    renameSync(draft, data);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(draft, { recursive: true, force: true });
  }
}
