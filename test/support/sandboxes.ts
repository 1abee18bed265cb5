import { join } from 'node:path';
import type { ServedNode } from '../../apps/agent/src/nodes.js';
import { root } from '../houserules/sources.js';
import { runProcess } from './machine.js';

/** Where the built releases of the stand-in product lie: the mirror that agents fetch from. */
export const mirror = join(root, 'dist');

/** Homes at v0.6.2 under a folder, made a few at a time. */
export async function makeSandboxes(folder: string, names: readonly string[]): Promise<ServedNode[]> {
  const nodes = names.map((node): ServedNode => ({ node, product: 'orchat', home: join(folder, node), labels: {} }));
  const queue = [...nodes];
  const worker = async () => {
    for (let node = queue.shift(); node; node = queue.shift()) await makeSandbox(node.home, 'v0.6.2');
  };
  await Promise.all([worker(), worker(), worker()]);
  return nodes;
}

/** A home at a release; more options are those of the sandbox program. */
export async function makeSandbox(home: string, release: string, ...more: string[]): Promise<void> {
  const args = [join(root, 'dist/apps/orchat/src/sandbox.js'), 'create', '--home', home, '--release', release, '--releases', join(root, 'dist/orchat'), ...more];
  const made = await runProcess(process.execPath, args);
  if (made.code !== 0) throw new Error(made.stderr);
}
