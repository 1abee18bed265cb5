import { spawn, spawnSync } from 'node:child_process';
import { cliProgram } from './machine.js';

/** `script` of util-linux gives a program a terminal of its own. */
export const haveTerminal = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true;

export interface OnTerminal {
  code: number | null;
  /** What the terminal was sent, escape sequences and all. */
  raw: string;
  /** What can be read of it, line by line. */
  lines: string[];
}

/** The command line on a terminal of so many columns. */
export function onTerminal(args: readonly string[], env: NodeJS.ProcessEnv, columns: number): Promise<OnTerminal> {
  const quoted = [process.execPath, cliProgram, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  return new Promise((resolve, reject) => {
    const child = spawn('script', ['-qec', `stty cols ${columns} rows 40; ${quoted}`, '/dev/null'], { env: { ...env, TERM: 'xterm-256color' }, stdio: ['pipe', 'pipe', 'pipe'] });
    let raw = '';
    child.stdout.on('data', (chunk: Buffer) => (raw += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, raw, lines: readable(raw) }));
  });
}

function readable(raw: string): string[] {
  // eslint-disable-next-line no-control-regex
  return raw.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replaceAll('\r', '').split('\n').filter((line) => line !== '');
}
