import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Puts a file in place whole or not at all, whenever the machine stops: beside its place, to the disk, then renamed. */
export function replaceFile(path: string, text: string, mode = 0o600): void {
  const next = `${path}.next`;
  const file = openSync(next, 'w', mode);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  renameSync(next, path);
  syncFolder(dirname(path));
}

/** Makes names in a folder durable: files that were made, renamed or removed there. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
