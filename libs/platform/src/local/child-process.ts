import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { causeChain } from '../logger.js';
import type { Logger } from '../logger.js';

export interface ServiceProcessOptions {
  name: string;
  /** File of a program that calls `tellReady`. */
  program: string;
  env: Record<string, string>;
  /** What it writes goes here. */
  logFile: string;
  logger: Logger;
  /** Called whenever it was started, also again. */
  onStarted: (pid: number) => void;
  /** Called when it cannot be kept running. */
  onGivenUp: (error: Error) => void;
  limits?: Partial<typeof usual>;
}

const usual = {
  /** A program that is not ready by then is ended. */
  readyMs: 60_000,
  /** Before it is started again; doubled with every death in a row. */
  firstPauseMs: 300,
  longestPauseMs: 5_000,
  /** Deaths in a row, each soon after the start, after which it is given up. */
  deaths: 8,
  soonMs: 10_000,
};

type Told = { [name: string]: unknown };

/**
 * A service as a child of this process: started again when it dies, ended when this process ends. It notices the death of
 * this process by its IPC channel, so that also a SIGKILL here leaves nothing behind.
 */
export class ServiceProcess {
  private readonly limits: typeof usual;
  private child: ChildProcess | undefined;
  private ready: Promise<Told> | undefined;
  private again: NodeJS.Timeout | undefined;
  private stopping = false;
  private deaths = 0;

  constructor(private readonly options: ServiceProcessOptions) {
    this.limits = { ...usual, ...options.limits };
  }

  /** Resolves with what the program told when it was ready; rejects with the end of its log when it never is. */
  start(): Promise<Told> {
    this.ready ??= this.launch();
    return this.ready;
  }

  /** Asks it to end and makes it end at the limit. */
  async stop(limitMs: number): Promise<void> {
    this.stopping = true;
    clearTimeout(this.again);
    const { child } = this;
    if (!child || child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
      child.once('exit', () => (clearTimeout(timer), resolve()));
      child.kill('SIGTERM');
    });
  }

  private launch(): Promise<Told> {
    const { name, logFile } = this.options;
    const began = performance.now();
    return new Promise((resolve, reject) => {
      const failed = (why: string) => {
        clearTimeout(timer);
        const error = new Error(`${name} ${why}; its log is ${logFile}: ${tail(logFile)}`);
        reject(error);
        if (!this.stopping) this.died(error, performance.now() - began);
      };
      let late = '';
      const timer = setTimeout(() => {
        late = `was not ready in ${this.limits.readyMs / 1000} s and `;
        this.child?.kill('SIGKILL');
      }, this.limits.readyMs);
      const child = this.spawn(failed);
      if (!child) return;
      child.on('message', (message) => {
        clearTimeout(timer);
        resolve(message as Told);
      });
      child.once('exit', (code, signal) => failed(`${late}ended with ${signal ?? code}`));
    });
  }

  /** Undefined when there is no room for it: `failed` has been told, or will be. */
  private spawn(failed: (why: string) => void): ChildProcess | undefined {
    const { program, env, logFile, onStarted } = this.options;
    try {
      const log = openSync(logFile, 'a');
      try {
        const child = spawn(process.execPath, ['--enable-source-maps', program], { stdio: ['ignore', log, log, 'ipc'], env: { ...process.env, ...env } });
        child.on('error', (error) => child.pid === undefined && failed(`could not be started (${error.message})`));
        this.child = child;
        if (child.pid !== undefined) onStarted(child.pid);
        return child;
      } finally {
        closeSync(log);
      }
    } catch (error) {
      failed(`could not be started (${causeChain(error)})`);
      return undefined;
    }
  }

  private died(error: Error, livedMs: number): void {
    const { firstPauseMs, longestPauseMs, soonMs, deaths } = this.limits;
    this.deaths = livedMs < soonMs ? this.deaths + 1 : 1;
    if (this.deaths >= deaths) return this.options.onGivenUp(error);
    this.options.logger.warn('a process is started again', { error });
    this.again = setTimeout(() => {
      this.ready = this.launch();
      // Its end is dealt with above.
      this.ready.catch(() => undefined);
    }, Math.min(firstPauseMs * 2 ** (this.deaths - 1), longestPauseMs)).unref();
  }
}

function tail(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').slice(-2).join(' | ').slice(-600);
  } catch (error) {
    return causeChain(error);
  }
}
