import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../houserules/sources.js';
import { Machine } from '../support/machine.js';
import { act, awaitHealthy, awaitRollout, call, planRollout } from '../support/rollouts.js';

const machine = new Machine();
afterAll(() => machine.dispose());

/** A stale boot cache: whatever is installed, the old release comes up. The guide knows it as a version mismatch. */
function pinBoot(home: string): void {
  const copy = join(home, '.cache/orchat/boot-copies/orchat-v0.6.2');
  mkdirSync(join(copy, '..'), { recursive: true });
  cpSync(join(root, 'dist/orchat/v0.6.2/orchat'), copy);
  writeFileSync(join(home, '.cache/orchat/boot.json'), JSON.stringify({ release: 'v0.6.2', file: copy, pinned: true }));
}

it('ends a node that claims success and boots the old version as inconsistent, takes it back, and goes no further', async () => {
  await machine.start(['--no-story']);
  await awaitHealthy(machine, 4);
  const { rollout, plan } = await planRollout(machine, { nodes: 'all' });
  const [first, ...others] = plan.targets.map((target) => target.node);
  pinBoot(join(machine.home, 'nodes', first!));
  await act(machine, rollout, 'start');
  const end = await awaitRollout(machine, rollout, 60_000);
  expect(end.state).toBe('failed');
  expect(end.reason).toBe('failure-limit');
  expect(end.nodes[0]).toMatchObject({ node: first, state: 'rolled-back', result: 'inconsistent' });
  expect(end.nodes.slice(1).map(({ node, state, result }) => ({ node, state, result }))).toEqual(
    others.map((node) => ({ node, state: 'waiting', result: null })),
  );
  // The install itself was good, and said so: only the measurement contradicts it.
  const { body } = await call<{ items: { type: string; data: { kind?: string; good?: boolean; inconsistent?: boolean; verdict?: string } }[] }>(machine, 'GET', `/v1/nodes/${first}/history?limit=500`);
  const reports = body.items.filter((entry) => entry.type === 'step.reported');
  expect(reports.find((entry) => entry.data.kind === 'install')!.data.good).toBe(true);
  expect(reports.find((entry) => entry.data.kind === 'version')!.data).toMatchObject({ good: false, inconsistent: true, verdict: 'version-mismatch' });
  expect(body.items.map((entry) => entry.type)).not.toContain('upgrade.verified');
  const old = readFileSync(join(root, 'dist/orchat/v0.6.2/orchat'));
  expect(readFileSync(join(machine.home, 'nodes', first!, '.local/bin/orchat')).equals(old)).toBe(true);
}, 120_000);

it('tells people so: exit code 3, and the word in the status', async () => {
  const [{ rollout }] = (await machine.json<{ rollout: string }>('rollout', 'list')) as [{ rollout: string }];
  const watched = await machine.cli('rollout', 'watch', rollout);
  expect(watched.code).toBe(3);
  expect((await machine.cli('rollout', 'status', rollout)).stdout).toMatch(/rolled-back\s+inconsistent/);
}, 30_000);
