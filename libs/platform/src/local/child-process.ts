import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
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
}

const readyLimitMs = 60_000;
const firstPauseMs = 300;
const longestPauseMs = 5_000;
/** Deaths in a row, each soon after the start, after which it is given up. */
const deathsMax = 8;
const soonMs = 10_000;

/**
 * A service as a child of this process: started again when it dies, ended when this process ends. It notices the death of
 * this process by its IPC channel, so that also a SIGKILL here leaves nothing behind.
 */
export class ServiceProcess {
  private child: ChildProcess | undefined;
  private ready: Promise<{ [name: string]: unknown }> | undefined;
  private stopping = false;
  private deaths = 0;

  constructor(private readonly options: ServiceProcessOptions) {}

  /** Resolves with what the program told when it was ready; rejects with the end of its log when it never is. */
  start(): Promise<{ [name: string]: unknown }> {
    this.ready ??= this.launch();
    return this.ready;
  }

  /** Asks it to end and makes it end at the limit. */
  async stop(limitMs: number): Promise<void> {
    this.stopping = true;
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
      child.once('exit', () => (clearTimeout(timer), resolve()));
      child.kill('SIGTERM');
    });
  }

  private launch(): Promise<{ [name: string]: unknown }> {
    const { name, program, env, logFile, logger } = this.options;
    const log = openSync(logFile, 'a');
    const began = Date.now();
    const child = spawn(process.execPath, ['--enable-source-maps', program], {
      stdio: ['ignore', log, log, 'ipc'],
      env: { ...process.env, ...env },
    });
    closeSync(log);
    this.child = child;
    if (child.pid !== undefined) this.options.onStarted(child.pid);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${name} was not ready in ${readyLimitMs / 1000} s; its log is ${logFile}: ${tail(logFile)}`)), readyLimitMs);
      child.on('message', (message) => {
        clearTimeout(timer);
        resolve(message as { [name: string]: unknown });
      });
      child.once('error', (error) => reject(error));
      child.once('exit', (code, signal) => {
        clearTimeout(timer);
        if (this.stopping) return;
        logger.warn('a process ended and is started again', { name, code, signal });
        this.deaths = Date.now() - began < soonMs ? this.deaths + 1 : 1;
        const error = new Error(`${name} ended with ${signal ?? code}; its log is ${logFile}: ${tail(logFile)}`);
        reject(error);
        this.again(error);
      });
    });
  }

  private again(error: Error): void {
    if (this.deaths >= deathsMax) return this.options.onGivenUp(error);
    const pauseMs = Math.min(firstPauseMs * 2 ** (this.deaths - 1), longestPauseMs);
    setTimeout(() => {
      if (this.stopping) return;
      this.ready = this.launch();
      // Its end is dealt with above.
      this.ready.catch(() => undefined);
    }, pauseMs).unref();
  }
}

function tail(file: string): string {
  return readFileSync(file, 'utf8').trim().split('\n').slice(-2).join(' | ').slice(-600);
}
