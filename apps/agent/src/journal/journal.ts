import { createHash } from 'node:crypto';
import {
  closeSync, existsSync, fdatasync, fsyncSync, ftruncateSync, openSync, readFileSync, renameSync, rmSync, writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { syncFolder } from '#platform';

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

/** Raised by every write after one of which nobody knows whether it is on the disk. Only a new start finds out. */
export class JournalBroken extends Error {
  constructor(path: string, cause: unknown) {
    super(`the journal ${path} can no longer be relied on: start the agent again`, { cause });
    this.name = 'JournalBroken';
  }
}

/** Rewritten when it has grown to this many bytes and to twice what it began with. */
const compactBytes = 4 * 1024 * 1024;

/**
 * An append-only file of checksummed lines, each with the records of one write: they count together or not at all.
 * `append` resolves when they are on the disk; callers that come together share one sync. A last line cut off by a crash
 * was never acknowledged and is dropped; damage elsewhere stops the agent, since what it did is then unknown.
 */
export class Journal<R extends JournalRecord> {
  private compactedSize: number;
  private waiting: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  private syncing: Promise<void> | undefined;
  private broken: JournalBroken | undefined;

  private constructor(
    private readonly path: string,
    private file: number,
    private size: number,
    /** What a rewritten journal holds: all that is still to be known. */
    private readonly snapshot: () => R[],
    private readonly compactAt: number,
  ) {
    this.compactedSize = size;
  }

  static open<R extends JournalRecord>(path: string, snapshot: () => R[], compactAt = compactBytes): { journal: Journal<R>; records: R[] } {
    const { records, good } = existsSync(path) ? read<R>(path) : { records: [], good: 0 };
    const file = openSync(path, 'a', 0o600);
    // What a crash cut off must not stand in front of what comes next.
    ftruncateSync(file, good);
    fsyncSync(file);
    syncFolder(dirname(path));
    return { journal: new Journal<R>(path, file, good, snapshot, compactAt), records };
  }

  /**
   * Written at once, so that it outlives this process; durable against loss of power when the promise resolves. Throws
   * when it could not be written; then it is as if it had not been tried.
   */
  append(...records: R[]): Promise<void> {
    this.note(...records);
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.syncing ??= this.syncSoon();
    });
  }

  /** Written without waiting for the disk: it outlives this process, not the machine. Throws as `append` does. */
  note(...records: R[]): void {
    if (this.broken) throw this.broken;
    if (records.length === 0) return;
    const bytes = Buffer.from(line(records));
    try {
      writeFileSync(this.file, bytes);
    } catch (error) {
      this.takeBack();
      throw error;
    }
    this.size += bytes.length;
  }

  /** Puts the snapshot in the place of all that the journal holds. MUST NOT be called while a sync is under way. */
  compact(): void {
    const next = `${this.path}.next`;
    rmSync(next, { force: true });
    const bytes = Buffer.from(this.snapshot().map((record) => line([record])).join(''));
    const file = openSync(next, 'a', 0o600);
    try {
      writeFileSync(file, bytes);
      fsyncSync(file);
      renameSync(next, this.path);
    } catch (error) {
      closeSync(file);
      rmSync(next, { force: true });
      throw error;
    }
    closeSync(this.file);
    this.file = file;
    this.size = this.compactedSize = bytes.length;
    try {
      syncFolder(dirname(this.path));
    } catch (error) {
      this.broken = new JournalBroken(this.path, error);
      throw this.broken;
    }
  }

  async close(): Promise<void> {
    await this.syncing;
    // The number of the file may be another's from now on.
    this.broken ??= new JournalBroken(this.path, new Error('it is closed'));
    closeSync(this.file);
  }

  /** Half a line in the middle would be damage to whoever reads it. */
  private takeBack(): void {
    try {
      ftruncateSync(this.file, this.size);
    } catch (error) {
      this.broken = new JournalBroken(this.path, error);
    }
  }

  private async syncSoon(): Promise<void> {
    while (this.waiting.length > 0) {
      const served = this.waiting;
      this.waiting = [];
      // After a sync that failed, the next would say that all is well of what was lost.
      if (!this.broken) await sync(this.file).catch((error: unknown) => (this.broken = new JournalBroken(this.path, error)));
      for (const one of served) if (this.broken) one.reject(this.broken); else one.resolve();
      this.compactIfLarge();
    }
    this.syncing = undefined;
  }

  private compactIfLarge(): void {
    if (this.broken || this.size <= this.compactAt || this.size <= 2 * this.compactedSize) return;
    try {
      this.compact();
    } catch {
      // Perhaps there is no room for it. All stands in the old file, which may grow on before the next attempt.
      this.compactedSize = this.size;
    }
  }
}

function line(records: readonly JournalRecord[]): string {
  const json = JSON.stringify(records);
  return `${checksum(json)} ${json}\n`;
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The records, and how many bytes of the file hold them. */
function read<R>(path: string): { records: R[]; good: number } {
  const text = readFileSync(path, 'utf8');
  const records: R[] = [];
  let end = 0;
  for (let number = 1; end < text.length; number++) {
    const newline = text.indexOf('\n', end);
    const written = newline < 0 ? undefined : parse<R>(text.slice(end, newline));
    if (written === undefined) {
      const last = newline < 0 || newline === text.length - 1;
      if (!last) throw new JournalDamaged(path, number);
      break;
    }
    records.push(...written);
    end = newline + 1;
  }
  return { records, good: Buffer.byteLength(text.slice(0, end)) };
}

function parse<R>(text: string): R[] | undefined {
  const [sum, json] = [text.slice(0, 16), text.slice(17)];
  return text[16] === ' ' && checksum(json) === sum ? (JSON.parse(json) as R[]) : undefined;
}
