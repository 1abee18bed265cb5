import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '#platform';
import { until } from './until.js';
import { root } from '../houserules/sources.js';

export const cliProgram = join(root, 'dist/apps/cli/src/main.js');

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

interface RunFile {
  pid: number;
  url: string;
  processes: { [name: string]: number };
}

/** One machine's Rollbook as a person starts it, in a home of its own; ended with the test, whatever happens. */
export class Machine {
  readonly home: string;
  output = '';
  private child: ChildProcess | undefined;

  private readonly folder = mkdtempSync(join(tmpdir(), 'rollbook-machine-'));

  /** The home lies in a folder of its own, under the name that is given. */
  constructor(private readonly env: { [name: string]: string } = {}, name = 'home') {
    this.home = join(this.folder, name);
  }

  /** Starts it; resolves when it serves. */
  async start(args: string[] = [], limitMs = 90_000): Promise<void> {
    const from = this.output.length;
    const child = spawn(process.execPath, [cliProgram, 'up', ...args], { env: this.environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    await until(() => this.output.slice(from).includes('Rollbook serves at') || child.exitCode !== null, limitMs, () => this.told());
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${this.told()}`);
  }

  /** Starts it without waiting. */
  begin(args: string[] = []): ChildProcess {
    const child = spawn(process.execPath, [cliProgram, 'up', ...args], { env: this.environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    return child;
  }

  get pid(): number {
    return this.child!.pid!;
  }

  run(): RunFile {
    return JSON.parse(readFileSync(join(this.home, 'run.json'), 'utf8')) as RunFile;
  }

  get url(): string {
    return this.run().url;
  }

  log(name: string): string {
    const file = join(this.home, 'logs', `${name}.log`);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** The command line against this machine. */
  cli(...args: string[]): Promise<Finished> {
    return runProcess(process.execPath, [cliProgram, ...args], this.environment());
  }

  /** Objects that a command prints with --json. */
  async json<T>(...args: string[]): Promise<T[]> {
    const { stdout } = await this.cli(...args, '--json');
    return stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as T);
  }

  /** Ends it as a person does; resolves with its exit code and the milliseconds that it took. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<{ code: number | null; ms: number }> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return { code: child?.exitCode ?? null, ms: 0 };
    const began = performance.now();
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.kill(signal);
    });
    return { code: child.exitCode, ms: performance.now() - began };
  }

  /** Ends what is still there and removes the home. */
  async dispose(): Promise<void> {
    await this.stop();
    const file = join(this.home, 'run.json');
    const left = existsSync(file) ? Object.values(this.run().processes) : [];
    for (const pid of left) killQuietly(pid, 'SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  /** Every process that works for this home, whoever started it. */
  processes(): number[] {
    return readdirSync('/proc').map(Number).filter((pid) => pid > 0 && isAlive(pid) && belongsTo(pid, this.home));
  }

  /** What its processes see, for a test that starts one by itself. */
  environment(): NodeJS.ProcessEnv {
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(ROLLBOOK_|DATABASE_URL|KAFKA_BROKERS|NODE_OPTIONS)/.test(name)));
    return { ...inherited, ROLLBOOK_HOME: this.home, ROLLBOOK_PORT: '0', NO_COLOR: '1', ...this.env };
  }

  private told(): string {
    return [this.output.slice(-3_000), ...['api', 'worker', 'agent', 'up'].map((name) => `--- ${name}\n${this.log(name).slice(-1_500)}`)].join('\n');
  }
}

/** By its environment, or as PostgreSQL by the directory that it was given. */
function belongsTo(pid: number, home: string): boolean {
  try {
    const words = ['environ', 'cmdline'].flatMap((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0'));
    return words.some((word) => word === `ROLLBOOK_HOME=${home}` || word.startsWith(`${home}/postgres`));
  } catch {
    return false;
  }
}

export function killQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}

export function runProcess(program: string, args: string[], env: NodeJS.ProcessEnv = process.env): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
