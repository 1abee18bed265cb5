import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { removeAbandonedDrafts } from './abandoned.js';
import { isAlive } from './alive.js';
import { type Home, shown } from './home.js';
import { requireWritable } from './permissions.js';
import { makeFolder } from './writes.js';

const pollMilliseconds = 50;

/** Runs the work while no other orchat of this home does. Waits for as long as the holder lives. */
export async function withLock<T>(home: Home, work: () => Promise<T>): Promise<T> {
  makeFolder(home, home.cache, 0o700);
  requireWritable(home, home.lock);
  let announced = false;
  for (;;) {
    if (taken(home)) break;
    const holder = holderOf(home);
    if (holder === undefined) continue;
    // A process id is given again one day: a lock of our own number is a dead process's too.
    if (holder === process.pid || !isAlive(holder)) clearAfter(home, holder);
    else {
      if (!announced) process.stderr.write(`orchat: waiting for process ${holder}, ${held(home)}\n`);
      announced = true;
      await pause(pollMilliseconds);
    }
  }
  try {
    return await work();
  } finally {
    if (holderOf(home) === process.pid) rmSync(home.lock, { force: true });
  }
}

const held = (home: Home) => `which holds ${shown(home, home.lock)}`;

// The lock is no subject of the quota: on a full home one must still be able to look and to clean up.
function taken(home: Home): boolean {
  const own = `${home.lock}.${process.pid}`;
  writeFileSync(own, `${process.pid}\n`);
  try {
    // A link appears together with its content, so nobody ever reads a lock without a process id.
    linkSync(own, home.lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

function holderOf(home: Home): number | undefined {
  try {
    return pidIn(home.lock);
  } catch {
    return undefined;
  }
}

function pidIn(path: string): number {
  return Number.parseInt(readFileSync(path, 'utf8'), 10) || 0;
}

/** Takes the lock of a dead process away, but puts it back if another process took it over meanwhile. */
function clearAfter(home: Home, dead: number): void {
  const aside = `${home.lock}.${process.pid}.aside`;
  try {
    renameSync(home.lock, aside);
  } catch {
    return;
  }
  const isDead = pidIn(aside) === dead;
  if (!isDead && !existsSync(home.lock)) linkSync(aside, home.lock);
  rmSync(aside, { force: true });
  if (isDead) removeAbandonedDrafts(home);
}
