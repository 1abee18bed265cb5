import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { type Home, shown } from '../home.js';
import { Refusal } from '../refusal.js';
import type { Release } from '../releases.js';
import { addLines, writeWhole } from '../writes.js';
import { type Entry, decodeHistory, encodeEntry, encodeHistory, formatOf, header } from './format.js';

/** Adds an entry, converting a history of format 1 first where the release keeps format 2. */
export function remember(home: Home, release: Release, entry: Entry): void {
  requireReadable(home, release);
  const format = storedFormat(home);
  if (format !== undefined && format < release.history) convertHistory(home);
  const start = release.history === 2 && format === undefined ? header : '';
  addLines(home, home.history, start + encodeEntry(entry, release.history));
}

/** The newest entry as it reads back from the file. */
export function lastEntry(home: Home): Entry | undefined {
  return allEntries(home).at(-1);
}

export function allEntries(home: Home): Entry[] {
  return existsSync(home.history) ? decodeHistory(readFileSync(home.history, 'utf8')) : [];
}

/** The format of the file, or undefined where nothing is remembered yet. */
export function storedFormat(home: Home): 1 | 2 | undefined {
  if ((statSync(home.history, { throwIfNoEntry: false })?.size ?? 0) === 0) return undefined;
  const file = openSync(home.history, 'r');
  try {
    const head = Buffer.alloc(header.length);
    return formatOf(head.toString('utf8', 0, readSync(file, head, 0, head.length, 0)));
  } finally {
    closeSync(file);
  }
}

export function requireReadable(home: Home, release: Release): void {
  const format = storedFormat(home);
  if (format === undefined || format <= release.history) return;
  throw new Refusal(
    'history-too-new',
    `${shown(home, home.history)} has format ${format}, ${release.version} keeps format ${release.history}`,
    'Run orchat backup restore, or move the file away.',
  );
}

function convertHistory(home: Home): void {
  const text = readFileSync(home.history, 'utf8');
  const mode = statSync(home.history).mode & 0o777;
  writeWhole(home, `${home.history}.format1`, text, mode);
  writeWhole(home, home.history, encodeHistory(decodeHistory(text), 2), mode);
}
