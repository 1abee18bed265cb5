import { lstatSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Home, isInside, shown } from './home.js';
import { Refusal } from './refusal.js';

/** The byte limit of the home, or undefined where nobody set one. */
export function quotaLimit(home: Home): number | undefined {
  let text: string;
  try {
    text = readFileSync(home.quota, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new Refusal(
    'quota-unreadable',
    `${shown(home, home.quota)} must hold a number of bytes`,
    'Correct the number, or remove the file to lift the limit.',
  );
}

/** Bytes of all files under a folder, links not followed. */
export function usedBytes(folder: string): number {
  let total = 0;
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) total += usedBytes(path);
    else total += lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }
  return total;
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    // Another orchat may remove its drafts while we look.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Bytes that may still be written; Infinity without a quota. */
export function quotaLeft(home: Home): number {
  const limit = quotaLimit(home);
  return limit === undefined ? Infinity : limit - usedBytes(home.root);
}

/** Refuses when the bytes would not fit. What a file replaces counts too, as it goes only after that. */
export function requireRoom(home: Home, path: string, bytes: number): void {
  if (!isInside(home.root, path)) return;
  const left = quotaLeft(home);
  if (bytes <= left) return;
  throw new Refusal(
    'quota-exceeded',
    `${shown(home, path)} needs ${bytes} bytes and the quota leaves ${Math.max(0, left)}`,
    'Free some space in your home or raise the limit in ~/.orchat_quota.',
    { needed: bytes, left: Math.max(0, left) },
  );
}
