import { chmodSync, existsSync, renameSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Home } from '../home.js';
import { requireWritable } from '../permissions.js';
import type { Release } from '../releases.js';
import { makeFolder, writeWhole } from '../writes.js';

export const keyPlaces = ['config', 'secure/key.enc'] as const;

export function keyPath(home: Home, release: Release): string {
  return join(home.config, release.key);
}

/** Moves the API key to where the release looks for it, unless a key is there already. */
export function placeKey(home: Home, release: Release): void {
  const wanted = keyPath(home, release);
  const elsewhere = misplacedKey(home, release);
  if (elsewhere === undefined || existsSync(wanted)) return;
  requireWritable(home, elsewhere);
  makeFolder(home, dirname(wanted), 0o700);
  requireWritable(home, wanted);
  renameSync(elsewhere, wanted);
  chmodSync(wanted, 0o600);
  if (dirname(elsewhere) !== home.config) removeIfEmpty(dirname(elsewhere));
}

/** A key that lies where another release would look for it. */
export function misplacedKey(home: Home, release: Release): string | undefined {
  return keyPlaces
    .filter((place) => place !== release.key)
    .map((place) => join(home.config, place))
    .find((path) => existsSync(path));
}

export function saveKey(home: Home, release: Release, key: string): void {
  const path = keyPath(home, release);
  makeFolder(home, dirname(path), 0o700);
  writeWhole(home, path, `${key}\n`, 0o600);
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Something of the person's lies in it.
  }
}
