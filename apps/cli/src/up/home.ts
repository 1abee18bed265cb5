import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LockHeld, replaceFile, takeLock } from '#platform';
import { readRunFile } from '../context.js';
import type { RunFile } from '../context.js';
import { refused } from '../exit.js';

/** The folders of a home, and who runs in it. */
export class Home {
  private run: RunFile = { pid: process.pid, url: '', processes: {} };
  private unlock: () => void = () => undefined;

  constructor(readonly path: string) {}

  file(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  /** One `up` for one home. Throws when another is running. */
  take(): void {
    try {
      mkdirSync(this.file('keys'), { recursive: true, mode: 0o700 });
      mkdirSync(this.file('logs'), { recursive: true });
      this.unlock = takeLock(this.file('lock'));
    } catch (error) {
      if (error instanceof LockHeld) throw this.alreadyRunning(error.pid);
      throw refused(`home-not-writable: ${this.path} cannot be used: ${error instanceof Error ? error.message : String(error)}. Set ROLLBOOK_HOME to a directory that may be written.`);
    }
    this.note({ url: '' });
  }

  /** Leaves address and processes for other programs of this home. */
  note({ url, processes = {} }: { url?: string; processes?: RunFile['processes'] }): void {
    this.run = { pid: process.pid, url: url ?? this.run.url, processes: { ...this.run.processes, ...processes } };
    const draft = this.file('run.json.next');
    writeFileSync(draft, JSON.stringify(this.run));
    renameSync(draft, this.file('run.json'));
  }

  release(): void {
    rmSync(this.file('run.json'), { force: true });
    this.unlock();
  }

  /** A small file that is made once, then found again. */
  once(file: string, make: () => string, mode = 0o600): string {
    const path = this.file(file);
    if (!existsSync(path)) replaceFile(path, make(), mode);
    return readFileSync(path, 'utf8');
  }

  private alreadyRunning(pid: number): Error {
    const run = readRunFile(this.path);
    const at = run?.pid === pid && run.url !== '' ? ` at ${run.url}` : '';
    return refused(`already-running: Rollbook of ${this.path} runs as process ${pid}${at}. End that one first, or set ROLLBOOK_HOME.`);
  }
}
