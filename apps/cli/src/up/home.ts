import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newSecret } from '#platform';
import { newSigningKey, privateKeyPem, publicKeyPem } from '#proof';
import type { RunFile } from '../context.js';
import { refused } from '../exit.js';

/** The folders and secrets of a home; made once, then found again. */
export class Home {
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
    this.note({ pid: process.pid, url: '' });
  }

  /** Leaves the address for other programs of this home. */
  note(run: RunFile): void {
    writeFileSync(this.file('run.json'), JSON.stringify(run));
  }

  release(): void {
    rmSync(this.file('run.json'), { force: true });
  }

  /** The service's signing key and the enrolment secret, readable by this user alone. */
  secrets(): void {
    this.once('keys/enrolment.token', () => newSecret());
    if (existsSync(this.file('keys/service.pem'))) return;
    const { privateKey, publicKey } = newSigningKey();
    this.once('keys/service.pub.pem', () => publicKeyPem(publicKey), 0o644);
    this.once('keys/service.pem', () => privateKeyPem(privateKey));
  }

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
