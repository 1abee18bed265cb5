import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../houserules/sources.js';
import { killQuietly } from './machine.js';
import { until } from './until.js';

/** Workers as processes of their own, over one home; whatever becomes of a test, they end with it. */
export class WorkerProcesses {
  private readonly home = mkdtempSync(join(tmpdir(), 'rollbook-workers-'));
  private readonly all: WorkerProcess[] = [];

  constructor(private readonly env: { [name: string]: string }) {}

  async start(): Promise<WorkerProcess> {
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(ROLLBOOK_|DATABASE_URL|KAFKA_BROKERS|NODE_OPTIONS)/.test(name)));
    const child = spawn(process.execPath, [join(root, 'dist/apps/worker/src/main.js')], {
      env: { ...inherited, ROLLBOOK_HOME: this.home, ...this.env }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    const worker = new WorkerProcess(child);
    this.all.push(worker);
    await until(() => worker.log.includes('worker is ready') || worker.ended, 30_000, () => worker.log);
    if (worker.ended) throw new Error(`it ended:\n${worker.log}`);
    return worker;
  }

  /** The worker that a lease names as its holder. */
  holding(holder: string): WorkerProcess | undefined {
    return this.all.find((worker) => !worker.ended && holder.startsWith(`worker-${worker.pid}-`));
  }

  dispose(): void {
    for (const worker of this.all) worker.kill();
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

export class WorkerProcess {
  log = '';

  constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
  }

  get pid(): number {
    return this.child.pid!;
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  freeze(): void {
    killQuietly(this.pid, 'SIGSTOP');
  }

  thaw(): void {
    killQuietly(this.pid, 'SIGCONT');
  }

  kill(): void {
    if (!this.ended) killQuietly(this.pid, 'SIGKILL');
  }

  async stop(): Promise<void> {
    killQuietly(this.pid, 'SIGTERM');
    await until(() => this.ended, 10_000, () => this.log);
  }
}
