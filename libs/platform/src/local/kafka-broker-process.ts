import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { isAlive } from './processes.js';

const lookEveryMs = 50;
const tailLines = 30;

/** How a process ended, in words. */
export type Ending = string;

export interface RunningChild {
  pid: number;
  /** Resolves when it has ended. */
  ended: Promise<Ending>;
  signal(name: NodeJS.Signals): void;
}

/**
 * Starts a program in a process group of its own, so that a Ctrl-C meant for us does not reach it before we
 * can stop it in order. Its output goes to the end of the log file.
 */
export function startChild(
  program: string,
  args: string[],
  logFile: string,
  env: NodeJS.ProcessEnv,
): RunningChild {
  const log = openSync(logFile, 'a');
  try {
    const child = spawn(program, args, { env, stdio: ['ignore', log, log], detached: true });
    const ended = new Promise<Ending>((resolve) => {
      child.once('error', (error) => resolve(`could not be started: ${error.message}`));
      child.once('exit', (code, signal) =>
        resolve(signal === null ? `ended with code ${code}` : `ended by ${signal}`),
      );
    });
    return { pid: child.pid ?? 0, ended, signal: (name) => void child.kill(name) };
  } finally {
    closeSync(log);
  }
}

// Ends the process in argv[1] when the pipe from our process closes, which also happens when we are killed.
const guardScript = `
  const pid = Number(process.argv[1]);
  const send = (signal) => { try { process.kill(pid, signal); } catch { process.exit(0); } };
  process.stdin.on('data', () => process.exit(0));
  process.stdin.on('end', () => {
    send('SIGTERM');
    setTimeout(() => { send('SIGKILL'); process.exit(0); }, 10000);
    setInterval(() => send(0), 200);
  });`;

/**
 * Sees to it that the process does not outlive this one, even when this one is killed: a second, tiny
 * process holds the other end of a pipe.
 *
 * @returns how to dismiss the guard once the process has ended by itself
 */
export function guardChild(pid: number): () => void {
  const guard: ChildProcess = spawn(process.execPath, guardArguments(pid), {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Without a guard the broker still works; the note in its folder is then what finds it again.
  guard.once('error', () => undefined);
  guard.stdin?.once('error', () => undefined);
  guard.unref();
  (guard.stdin as { unref?: () => void } | null)?.unref?.();
  return () => void guard.stdin?.end('done');
}

/** What node runs as the guard: it watches its standard input. */
export function guardArguments(pid: number): string[] {
  return ['-e', guardScript, String(pid)];
}

/** Whether a process with this id runs and has the text in its command line; process ids are used again. */
export function runsWith(pid: number, text: string): boolean {
  return isAlive(pid) && commandLine(pid).includes(text);
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return spawnSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
  }
}

/** Ends a process that is not our child: politely, then not. */
export async function endStranger(pid: number, patienceMs: number): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (isAlive(pid)) process.kill(pid, signal);
    if (await waitUntil(() => !isAlive(pid), patienceMs)) return;
  }
  throw new Error(`process ${pid} does not end`);
}

/** Looks again and again until the condition holds or the time is up; answers whether it held. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  limitMs: number,
): Promise<boolean> {
  const end = performance.now() + limitMs;
  for (;;) {
    if (await condition()) return true;
    if (performance.now() >= end) return false;
    await pause(lookEveryMs);
  }
}

/** The size of the file, 0 when there is none: where the next output will begin. */
export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

export function textAfter(file: string, position: number): string {
  return readFileSync(file).subarray(position).toString('utf8');
}

/** The last lines that were written after the position. */
export function tailOf(file: string, position: number): string {
  return textAfter(file, position).trimEnd().split('\n').slice(-tailLines).join('\n');
}
