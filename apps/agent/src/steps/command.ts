import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { CappedOutput } from './output.js';
import { processBegan } from '#platform';
import { endLeftOver, orderVariable } from './processes.js';
import type { Child } from '../journal/memory.js';

export interface CommandResult {
  /** Null when it was ended by a signal or never began. */
  exit: number | null;
  /** Why it has no exit code. */
  trouble: 'timed-out' | 'cancelled' | 'not-found' | 'killed' | null;
  stdout: CappedOutput;
  stderr: CappedOutput;
}

export interface CommandOptions {
  argv: readonly string[];
  home: string;
  timeoutMs: number;
  /** Variables that its step gives it. */
  env?: { [name: string]: string };
  /** What its processes carry in their environment: they are known by it, whoever their parent is by then. */
  mark: string;
  /** Ends the command when aborted. */
  signal?: AbortSignal;
  /** Told of the process as soon as it exists. */
  onChild?: (child: Child) => void;
}

/** After the polite signal, in milliseconds. */
const killAfterMs = 2_000;
/** For what is still in the pipes when the command has ended, in milliseconds. */
const drainMs = 1_000;

/** The path on which a node's programs are looked for: its own first. */
export function pathOf(home: string): string {
  return [join(home, '.local/bin'), dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter);
}

/**
 * Runs an argument list, never through a shell, in the node's home with an environment of its own. The command gets its
 * own process group, so that a time-out ends all that it started; what has left the group is found by its mark.
 */
export function runCommand(options: CommandOptions): Promise<CommandResult> {
  const { argv, home, env = {}, mark, signal } = options;
  const stdout = new CappedOutput();
  const stderr = new CappedOutput();
  const notBegun = (trouble: 'cancelled' | 'not-found', says: string): Promise<CommandResult> => {
    stderr.add(Buffer.from(`${says}\n`));
    return Promise.resolve({ exit: null, trouble, stdout, stderr });
  };
  const path = pathOf(home);
  const program = findProgram(argv[0]!, path);
  if (program === undefined) return notBegun('not-found', `${argv[0]} is not on the path ${path}`);
  if (signal?.aborted) return notBegun('cancelled', 'cancelled before it began');
  try {
    const child = spawn(program, argv.slice(1), {
      cwd: home,
      env: { HOME: home, PATH: path, LANG: 'C.UTF-8', ...env, [orderVariable]: mark },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    return watch(child, options, stdout, stderr);
  } catch (error) {
    // What the system refuses at once, as arguments that are too long for it.
    return notBegun('not-found', (error as Error).message);
  }
}

function watch(child: ChildProcess, options: CommandOptions, stdout: CappedOutput, stderr: CappedOutput): Promise<CommandResult> {
  const { timeoutMs, mark, signal, onChild } = options;
  const timers: NodeJS.Timeout[] = [];
  const later = (ms: number, work: () => void) => void timers.push(setTimeout(work, ms));
  return new Promise((resolve) => {
    let trouble: CommandResult['trouble'] = null;
    let exited = false;
    const end = (why: 'timed-out' | 'cancelled') => {
      if (exited) return;
      if (trouble === null) later(killAfterMs, () => killGroup(child.pid, 'SIGKILL'));
      trouble ??= why;
      killGroup(child.pid, 'SIGTERM');
    };
    const cancel = () => end('cancelled');
    const finish = (exit: number | null) => {
      timers.forEach(clearTimeout);
      signal?.removeEventListener('abort', cancel);
      const result: CommandResult = { exit, trouble: trouble ?? (exit === null ? 'killed' : null), stdout, stderr };
      if (trouble === null || trouble === 'not-found') return resolve(result);
      endLeftOver(mark, undefined).then(() => resolve(result), () => resolve(result));
    };
    child.once('error', (error) => {
      stderr.add(Buffer.from(`${error.message}\n`));
      trouble ??= 'not-found';
      finish(null);
    });
    child.once('exit', () => {
      exited = true;
      // What it left behind in its group must not go on, and what has left its group must not hold the pipes open.
      killGroup(child.pid, 'SIGKILL');
      later(drainMs, () => [child.stdout, child.stderr].forEach((stream) => stream?.destroy()));
    });
    child.once('close', (code) => finish(trouble === null ? code : null));
    child.stdout?.on('data', (chunk: Buffer) => stdout.add(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.add(chunk));
    later(timeoutMs, () => end('timed-out'));
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      if (child.pid !== undefined) onChild?.({ pid: child.pid, began: processBegan(child.pid) ?? '' });
    } catch (error) {
      // A process that nobody would find again after a crash is not let run.
      stderr.add(Buffer.from(`${(error as Error).message}\n`));
      trouble = 'cancelled';
      killGroup(child.pid, 'SIGKILL');
    }
  });
}

function findProgram(name: string, path: string): string | undefined {
  for (const folder of path.split(delimiter)) {
    try {
      const program = join(folder, name);
      accessSync(program, constants.X_OK);
      if (statSync(program).isFile()) return program;
    } catch {
      // Not here.
    }
  }
  return undefined;
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone.
  }
}
