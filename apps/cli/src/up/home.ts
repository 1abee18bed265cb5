import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunFile } from '../context.js';
import { refused } from '../exit.js';

/** The folders of a home, and who runs in it. */
export class Home {
  private run: RunFile = { pid: process.pid, url: '', processes: {} };

  constructor(readonly path: string) {}

  file(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  /** One `up` for one home. Throws when another is running. */
  take(): void {
    mkdirSync(this.file('keys'), { recursive: true, mode: 0o700 });
    mkdirSync(this.file('logs'), { recursive: true });
    const running = this.running();
    if (running) throw refused(`already-running: Rollbook of ${this.path} runs as process ${running.pid} at ${running.url}. End that one first, or set ROLLBOOK_HOME.`);
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
  }

  /** A small file that is made once, then found again. */
  once(file: string, make: () => string, mode = 0o600): string {
    const path = this.file(file);
    if (!existsSync(path)) writeFileSync(path, make(), { mode });
    return readFileSync(path, 'utf8');
  }

  private running(): RunFile | undefined {
    const file = this.file('run.json');
    if (!existsSync(file)) return undefined;
    const run = JSON.parse(readFileSync(file, 'utf8')) as RunFile;
    return run.pid !== process.pid && isUp(run.pid) ? run : undefined;
  }
}

/** Whether a process of that number lives and is one of ours: numbers are given out again. */
function isUp(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const commandLine = `/proc/${pid}/cmdline`;
  return !existsSync(commandLine) || /rollbook|start\.mjs|cli/.test(readFileSync(commandLine, 'utf8'));
}
