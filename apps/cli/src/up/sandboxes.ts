import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { replaceFile } from '#platform';
import { root } from '../context.js';
import type { Home } from './home.js';

export interface Sandbox {
  node: string;
  product: string;
  home: string;
  labels: { [name: string]: string };
}

export const sandboxRelease = 'v0.6.2';
const perStory = 4;
/** The third node has room for v0.6.2 and its backup, and none for what v0.7.0 allocates: its health check fails after the upgrade. */
const shortOfRoom = 2;
const quotaLeftBytes = 300_000;

/** Node homes on this machine, and the file that tells the agent of them. */
export class Sandboxes {
  readonly nodesFile: string;

  constructor(private readonly home: Home) {
    this.nodesFile = home.file('nodes.yaml');
  }

  all(): Sandbox[] {
    if (!existsSync(this.nodesFile)) return [];
    return (parse(readFileSync(this.nodesFile, 'utf8')) as { nodes: Sandbox[] }).nodes;
  }

  /** Four more nodes at v0.6.2, one of them short of room; returns them. */
  async addFour(signal: AbortSignal): Promise<Sandbox[]> {
    const before = this.all();
    const added = Array.from({ length: perStory }, (_, i): Sandbox => {
      const node = `node-${before.length + i + 1}`;
      return { node, product: 'orchat', home: this.home.file('nodes', node), labels: { tier: i < 2 ? 'web' : 'batch' } };
    });
    mkdirSync(this.home.file('nodes'), { recursive: true });
    await Promise.all(added.map((sandbox, i) => makeHome(sandbox.home, i === shortOfRoom, signal)));
    replaceFile(this.nodesFile, stringify({ nodes: [...before, ...added] }), 0o644);
    return added;
  }
}

function makeHome(home: string, tight: boolean, signal: AbortSignal): Promise<void> {
  const program = join(root, 'dist/apps/orchat/src/sandbox.js');
  const args = [program, 'create', '--home', home, '--release', sandboxRelease, '--releases', join(root, 'dist/orchat')];
  if (tight) args.push('--quota-left', String(quotaLeftBytes));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'], signal });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`the sandbox ${home} could not be made: ${said.trim()}`))));
  });
}
