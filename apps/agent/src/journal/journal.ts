import { createHash } from 'node:crypto';
import { closeSync, existsSync, fdatasync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const sync = promisify(fdatasync);

/** A record of the journal: plain JSON with its kind in `t`. */
export interface JournalRecord {
  t: string;
}

export class JournalDamaged extends Error {
  constructor(path: string, line: number) {
    super(`the journal ${path} is damaged at line ${line}: restore the file, or move it away to begin anew (its unsent reports are then lost)`);
    this.name = 'JournalDamaged';
  }
}

/** Rewritten when it has grown to this many bytes and to twice what it began with. */
const compactBytes = 4 * 1024 * 1024;

/**
 * An append-only file of checksummed lines. `append` resolves when the records are on the disk; callers that come
 * together share one sync. A last line cut off by a crash was never acknowledged and is dropped; damage elsewhere stops
 * the agent, since what it did is then unknown.
 */
export class Journal<R extends JournalRecord> {
  private file: number;
  private size: number;
  private compactedSize: number;
  private waiting: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  private syncing: Promise<void> | undefined;

  private constructor(
    private readonly path: string,
    /** What a rewritten journal holds: all that is still to be known. */
    private readonly snapshot: () => R[],
  ) {
    this.file = openSync(path, 'a', 0o600);
    this.size = 0;
    this.compactedSize = 0;
  }

  static open<R extends JournalRecord>(path: string, snapshot: () => R[]): { journal: Journal<R>; records: R[] } {
    const { records, good } = existsSync(path) ? read<R>(path) : { records: [], good: '' };
    // What a crash cut off must not stand in front of what comes next.
    if (existsSync(path) && readFileSync(path, 'utf8') !== good) replace(path, good);
    const journal = new Journal<R>(path, snapshot);
    journal.size = journal.compactedSize = Buffer.byteLength(good);
    return { journal, records };
  }

  /** Written at once, so that it outlives this process; durable against loss of power when the promise resolves. */
  append(...records: R[]): Promise<void> {
    this.note(...records);
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.syncing ??= this.syncSoon();
    });
  }

  /** Written without waiting for the disk: it outlives this process, not the machine. */
  note(...records: R[]): void {
    const text = records.map(line).join('');
    writeSync(this.file, text);
    this.size += Buffer.byteLength(text);
  }

  /** Puts the snapshot in the place of all that the journal holds. MUST NOT be called while a sync is under way. */
  compact(): void {
    const text = this.snapshot().map(line).join('');
    replace(this.path, text);
    closeSync(this.file);
    this.file = openSync(this.path, 'a', 0o600);
    this.size = this.compactedSize = Buffer.byteLength(text);
  }

  async close(): Promise<void> {
    await this.syncing;
    closeSync(this.file);
  }

  private async syncSoon(): Promise<void> {
    while (this.waiting.length > 0) {
      const served = this.waiting;
      this.waiting = [];
      try {
        await sync(this.file);
        for (const one of served) one.resolve();
        if (this.size > compactBytes && this.size > 2 * this.compactedSize) this.compact();
      } catch (error) {
        for (const one of served) one.reject(error);
      }
    }
    this.syncing = undefined;
  }
}

function line(record: JournalRecord): string {
  const json = JSON.stringify(record);
  return `${checksum(json)} ${json}\n`;
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function read<R>(path: string): { records: R[]; good: string } {
  const text = readFileSync(path, 'utf8');
  const records: R[] = [];
  let end = 0;
  for (let number = 1; end < text.length; number++) {
    const newline = text.indexOf('\n', end);
    const whole = newline < 0 ? undefined : text.slice(end, newline);
    const record = whole === undefined ? undefined : parse<R>(whole);
    if (record === undefined) {
      const last = newline < 0 || newline === text.length - 1;
      if (last) return { records, good: text.slice(0, end) };
      throw new JournalDamaged(path, number);
    }
    records.push(record);
    end = newline + 1;
  }
  return { records, good: text };
}

function parse<R>(text: string): R | undefined {
  const [sum, json] = [text.slice(0, 16), text.slice(17)];
  return checksum(json) === sum ? (JSON.parse(json) as R) : undefined;
}

function replace(path: string, text: string): void {
  const next = `${path}.next`;
  const file = openSync(next, 'w', 0o600);
  writeSync(file, text);
  fsyncSync(file);
  closeSync(file);
  renameSync(next, path);
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}
