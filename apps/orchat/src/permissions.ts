import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Home, shown } from './home.js';
import { Refusal } from './refusal.js';

const ownerWrite = 0o200;

/** The part of the path that stands in the way of writing it, or undefined. */
export function unwritable(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) {
    const parent = dirname(path);
    return parent === path ? path : unwritable(parent);
  }
  // The superuser may write everywhere; the mode still says what the owner meant.
  if ((stat.mode & ownerWrite) === 0) return path;
  try {
    accessSync(path, constants.W_OK);
    return undefined;
  } catch {
    return path;
  }
}

/** Refuses unless both the file, if it is there, and its folder may be written. */
export function requireWritable(home: Home, path: string): void {
  const obstacle = unwritable(path) ?? unwritable(dirname(path));
  if (obstacle === undefined) return;
  throw new Refusal(
    'permission-denied',
    `${shown(home, obstacle)} may not be written`,
    `Run chmod u+w ${shown(home, obstacle)}, or chown it to yourself.`,
    { path: shown(home, obstacle) },
  );
}
