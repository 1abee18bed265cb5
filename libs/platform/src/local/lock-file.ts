import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isAlive, processBegan } from './processes.js';

/** Somebody else holds the lock. */
export class LockHeld extends Error {
  constructor(
    file: string,
    readonly pid: number,
  ) {
    super(`${file} is held by process ${pid}`);
    this.name = 'LockHeld';
  }
}

/** Takes a lock that one process holds at a time, and that the death of its holder frees. Returns how to give it back. */
export function takeLock(file: string): () => void {
  const draft = `${file}.${process.pid}`;
  // It appears with what it says, so that nobody reads a lock that is still empty and takes it for a dead one's.
  writeFileSync(draft, `${process.pid} ${processBegan(process.pid) ?? ''}`, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      if (linked(draft, file)) return () => rmSync(file, { force: true });
      const holder = read(file);
      if (holder !== undefined && isHeld(holder)) throw new LockHeld(file, Number(holder.split(' ')[0]));
      if (holder !== undefined) takeAway(file, holder);
    }
    throw new Error(`${file} cannot be locked`);
  } finally {
    rmSync(draft, { force: true });
  }
}

function linked(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** Removes the lock of a process that is gone. Should another have taken it over meanwhile, it is put back. */
function takeAway(file: string, holder: string): void {
  const aside = `${file}.${process.pid}.old`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (read(aside) !== holder) linked(aside, file);
  rmSync(aside, { force: true });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** A number used again belongs to another process, which began at another time. */
function isHeld(holder: string): boolean {
  const [number = '', began = ''] = holder.split(' ');
  const pid = Number(number);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  const now = processBegan(pid);
  return now === undefined ? isAlive(pid) : began === '' || now === began;
}
