import {
  closeSync, constants, fchmodSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import type { Home } from './home.js';
import { requireWritable } from './permissions.js';
import { requireRoom } from './quota.js';

const chunkBytes = 1024 * 1024;

export interface Content {
  sha256: string;
  bytes: number;
}

export function makeFolder(home: Home, path: string, mode = 0o755): void {
  requireWritable(home, path);
  mkdirSync(path, { recursive: true, mode });
}

/** Replaces a file as a whole: readers see the old or the new content, never a part. */
export function writeWhole(home: Home, path: string, content: string | Uint8Array, mode = 0o644): void {
  const bytes = Buffer.from(content);
  requireWritable(home, path);
  requireRoom(home, path, bytes.length);
  mkdirSync(dirname(path), { recursive: true });
  const draft = draftOf(path);
  try {
    writeDurably(draft, mode, (file) => writeFully(file, bytes));
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** A name beside the file that readers never look at. */
export function draftOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.draft`);
}

/** Adds to the end in one write, so that lines of two processes never mix. */
export function addLines(home: Home, path: string, text: string, mode = 0o600): void {
  requireWritable(home, path);
  requireRoom(home, path, Buffer.byteLength(text));
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, mode);
  try {
    writeSync(file, text);
  } finally {
    closeSync(file);
  }
}

/** Copies a file to a new name and tells what was copied. */
export function copyFile(home: Home, from: string, to: string, mode: number): Content {
  requireWritable(home, to);
  mkdirSync(dirname(to), { recursive: true });
  let content: Content | undefined;
  writeDurably(to, mode, (file) => {
    content = eachChunk(from, (chunk) => {
      requireRoom(home, to, chunk.length);
      writeFully(file, chunk);
    });
  });
  return content!;
}

export function readContent(path: string): Content {
  return eachChunk(path, () => undefined);
}

function eachChunk(path: string, use: (chunk: Buffer) => void): Content {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(chunkBytes);
  const file = openSync(path, 'r');
  let bytes = 0;
  try {
    for (;;) {
      const count = readSync(file, buffer, 0, buffer.length, null);
      if (count === 0) break;
      const chunk = buffer.subarray(0, count);
      hash.update(chunk);
      use(chunk);
      bytes += count;
    }
  } finally {
    closeSync(file);
  }
  return { sha256: hash.digest('hex'), bytes };
}

function writeDurably(path: string, mode: number, fill: (file: number) => void): void {
  const file = openSync(path, 'w', mode);
  try {
    fill(file);
    // The mode given to open is cut by the umask.
    fchmodSync(file, mode);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function writeFully(file: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(file, bytes, written);
}

export function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
