import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { CappedOutput } from './output.js';
import { processBegan } from './processes.js';
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
  env: { [name: string]: string };
  /** Ends the command when aborted. */
  signal?: AbortSignal;
  /** Told of the process as soon as it exists. */
  onChild?: (child: Child) => void;
}

/** After the polite signal, in milliseconds. */
const killAfterMs = 2_000;

/** The path on which a node's programs are looked for: its own first. */
export function pathOf(home: string): string {
  return [join(home, '.local/bin'), dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter);
}

/**
 * Runs an argument list, never through a shell, in the node's home with an environment of its own. The command gets its
 * own process group, so that a time-out ends all that it started.
 */
export function runCommand({ argv, home, timeoutMs, env, signal, onChild }: CommandOptions): Promise<CommandResult> {
  const stdout = new CappedOutput();
  const stderr = new CappedOutput();
  const path = pathOf(home);
  const program = findProgram(argv[0]!, path);
  if (program === undefined) {
    stderr.add(Buffer.from(`${argv[0]} is not on the path ${path}\n`));
    return Promise.resolve({ exit: null, trouble: 'not-found', stdout, stderr });
  }
  return new Promise((resolve) => {
    const child = spawn(program, argv.slice(1), {
      cwd: home,
      env: { HOME: home, PATH: path, LANG: 'C.UTF-8', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let trouble: CommandResult['trouble'] = null;
    let killer: NodeJS.Timeout | undefined;
    const end = (why: 'timed-out' | 'cancelled') => {
      trouble ??= why;
      killGroup(child.pid, 'SIGTERM');
      killer ??= setTimeout(() => killGroup(child.pid, 'SIGKILL'), killAfterMs);
    };
    const cancel = () => end('cancelled');
    const timer = setTimeout(() => end('timed-out'), timeoutMs);
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted) cancel();
    if (child.pid !== undefined) onChild?.({ pid: child.pid, began: processBegan(child.pid) ?? '' });
    child.stdout.on('data', (chunk: Buffer) => stdout.add(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
    const finish = (exit: number | null) => {
      clearTimeout(timer);
      clearTimeout(killer);
      signal?.removeEventListener('abort', cancel);
      resolve({ exit, trouble: trouble ?? (exit === null ? 'killed' : null), stdout, stderr });
    };
    child.once('error', (error) => {
      stderr.add(Buffer.from(`${error.message}\n`));
      trouble ??= 'not-found';
      finish(null);
    });
    child.once('exit', () => {
      // What it left behind in its group must not hold the pipes open, nor go on.
      killGroup(child.pid, 'SIGKILL');
    });
    child.once('close', (code) => finish(trouble === null ? code : null));
  });
}

function findProgram(name: string, path: string): string | undefined {
  for (const folder of path.split(delimiter)) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
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
