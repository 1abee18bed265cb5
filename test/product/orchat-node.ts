import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';
import { type SandboxWish, createSandbox } from '../../apps/orchat/src/sandbox/create.js';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

const exec = promisify(execFile);

// Processes are slow to start on a busy machine.
jest.setTimeout(60_000);

/** A temporary folder that goes with the test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'orchat-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Builds all releases; in a process of its own, as esbuild does not work inside of jest. */
export async function buildInto(folder: string): Promise<void> {
  await exec(process.execPath, [join(root, 'apps/orchat/build-releases.mjs'), folder]);
}

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
  json: Record<string, unknown>;
}

export interface LogLine {
  version: string;
  command: string;
  args: string[];
  outcome: string;
}

/** A home with a release in it, and the release's real program. */
export class OrchatNode {
  constructor(readonly home: string) {}

  at(path: string): string {
    return join(this.home, path);
  }

  read(path: string): string {
    return readFileSync(this.at(path), 'utf8');
  }

  get env(): NodeJS.ProcessEnv {
    const folders = [this.at('.local/bin'), dirname(process.execPath), process.env.PATH];
    return { HOME: this.home, PATH: folders.join(':') };
  }

  start(args: string[], extra: NodeJS.ProcessEnv = {}, program = 'orchat') {
    return spawn(program, args, { env: { ...this.env, ...extra }, cwd: this.home, stdio: 'pipe' });
  }

  run(args: string[], extra: NodeJS.ProcessEnv = {}, program = 'orchat'): Promise<Ran> {
    const child = this.start(args, extra, program);
    child.stdin.end();
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    return new Promise((done, fail) => {
      child.on('error', fail);
      child.on('close', (code) => {
        done({ code, stdout, stderr, json: args.includes('--json') ? object(stdout) : {} });
      });
    });
  }

  /** What a rolling upgrade does to a node: the new binary beside the old one, then a rename. */
  install(artifact: string, to = '.local/bin/orchat'): void {
    const draft = this.at(`${to}.new`);
    mkdirSync(dirname(draft), { recursive: true });
    copyFileSync(artifact, draft);
    chmodSync(draft, 0o755);
    renameSync(draft, this.at(to));
  }

  log(): LogLine[] {
    const path = '.cache/orchat/logs/orchat.log';
    if (!existsSync(this.at(path))) return [];
    return this.read(path).split('\n').filter(Boolean).map((line) => JSON.parse(line) as LogLine);
  }

  /** Digest of every file of the home, except what each start touches. */
  snapshot(): Record<string, string> {
    const entries = readdirSync(this.home, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !path.includes('/.cache/') && !path.includes('/backups/'))
      .map((path) => [path.slice(this.home.length + 1), sha256(path)] as const);
    return Object.fromEntries(entries);
  }
}

export function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Exactly one JSON object on one line, or the test fails. */
function object(stdout: string): Record<string, unknown> {
  const lines = stdout.split('\n').filter(Boolean);
  if (lines.length !== 1) throw new Error(`not one line of JSON: ${stdout}`);
  return JSON.parse(lines[0]!) as Record<string, unknown>;
}

let count = 0;

export function makeNode(folder: string, version: string, wish: Partial<SandboxWish> = {}): OrchatNode {
  const home = join(folder, `node-${++count}`);
  createSandbox({
    home,
    version,
    releases: join(folder, 'releases'),
    historyLines: 3,
    config: undefined,
    quotaLeft: undefined,
    pinBoot: false,
    ...wish,
  });
  return new OrchatNode(home);
}
