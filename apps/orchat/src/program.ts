import { spawnSync } from 'node:child_process';
import type { Home } from './home.js';

export interface Answer {
  exit: number | null;
  stdout: string;
  stderr: string;
  /** What a command said with --json; empty where it said nothing of the kind. */
  json: Record<string, unknown>;
  ms: number;
}

const limitMs = 60_000;

/** Runs the orchat that is installed in a home, as whoever owns the home would. */
export function askInstalled(home: Home, args: readonly string[], env: NodeJS.ProcessEnv = {}): Answer {
  const began = performance.now();
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [home.binary, ...args], {
    cwd: home.root,
    encoding: 'utf8',
    timeout: limitMs,
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8', HOME: home.root, ...env },
  });
  const ms = performance.now() - began;
  return { exit: status, stdout: stdout ?? '', stderr: error?.message ?? stderr ?? '', json: objectIn(stdout ?? ''), ms };
}

function objectIn(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
