import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadCatalogue } from '#messaging';
import { carryOut } from '../../apps/agent/src/steps/step.js';
import type { StepResult, StepWish } from '../../apps/agent/src/steps/step.js';
import { root } from '../houserules/sources.js';
import { makeSandboxes, mirror } from '../support/sandboxes.js';
import { Rig } from '../support/rig.js';
import { until } from '../support/until.js';

const catalogue = loadCatalogue(join(root, 'catalog/orchat'));
const path = catalogue.paths[0]!;
const method = catalogue.methods[0]!;
const filled = (runbooks: string[]) => runbooks.flatMap((name) => (name === '@install' ? method.install : name === '@rollback' ? method.rollback : [name]));
const stepsOf = (runbooks: string[]) => filled(runbooks).flatMap((name) => catalogue.runbooks.find((one) => one.runbook === name)!.content.steps.map((step) => ({ id: `${name}.${step.step}`, ...step })));
const upgrade = stepsOf(path.upgrade);
const rollback = stepsOf(path.rollback);
const name = (kind: string, id: string) => `${kind}-${id.replaceAll('.', '-')}`;

/** Nodes named for what is done to them: `twice-<step>`, `failed-<step>`, `back-failed-<step>`. */
const twice = [...upgrade, ...rollback].map((step) => name('twice', step.id));
const failed = upgrade.map((step) => name('failed', step.id));
const backFailed = rollback.map((step) => name('back-failed', step.id));

let service: Rig;
let homes: Map<string, string>;
let before: Map<string, string>;
const runs = new Map<string, number>();

/** Carries out for real; twice, or to no avail the first time, as the node's name says. */
async function around(wish: StepWish): Promise<StepResult> {
  const { node, order } = wish;
  const id = `${order.runbook}.${order.step}`;
  runs.set(`${node.node} ${id}`, (runs.get(`${node.node} ${id}`) ?? 0) + 1);
  const fail = (): StepResult => ({
    outcome: 'failed', reason: 'made-to-fail', startedAt: wish.clock.now(), finishedAt: wish.clock.now(), exit: 1, facts: {}, evidence: undefined, truncated: false, found: false,
  });
  const first = runs.get(`${node.node} ${id}`) === 1;
  if (node.node === name('twice', id)) await carryOut(wish);
  // A node on its way back has failed at its last step, so that everything is there to be undone.
  const goesBack = node.node.startsWith('back-failed-') || rollback.some((step) => node.node === name('twice', step.id));
  if (goesBack && order.phase === 'upgrade' && id === upgrade.at(-1)!.id) return fail();
  if (first && (node.node === name('failed', id) || (node.node === name('back-failed', id) && order.phase === 'rollback'))) return fail();
  return carryOut(wish);
}

/** What an installation consists of; backups, logs and caches come and go. */
function fingerprint(home: string): string {
  const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const counted = files.filter((file) => !/\/(backups|logs|\.cache)\//.test(file)).sort();
  const hash = createHash('sha256');
  for (const file of counted) hash.update(file.slice(home.length)).update(readFileSync(file));
  return hash.digest('hex');
}

beforeAll(async () => {
  service = await Rig.start();
  await service.importCatalogue();
  const nodes = await makeSandboxes(service.folder, [...twice, ...failed, ...backFailed]);
  homes = new Map(nodes.map((node) => [node.node, node.home]));
  before = new Map(nodes.map((node) => [node.node, fingerprint(node.home)]));
  await service.addAgent('agent-1', nodes, { mirror, carryOut: around });
  const known = async () => (await service.pool.query(`select from roll.fleet where health = 'healthy'`)).rowCount === nodes.length;
  await until(known, 60_000);
  const rollout = await service.plan(nodes.map((node) => node.node), { maxUnavailable: nodes.length, failureLimit: nodes.length });
  await service.startRollout(rollout);
  await until(async () => (await service.pool.query(`select from roll.rollout where state in ('partial', 'failed', 'succeeded')`)).rowCount === 1, 240_000, async () => JSON.stringify([(await service.pool.query('select state, tally from roll.rollout')).rows, (await service.pool.query('select reason, state, step, count(*) from roll.rollout_node group by 1,2,3')).rows, [...runs].length]));
}, 400_000);
afterAll(() => service.stop());

async function endOf(node: string): Promise<{ state: string; result: string; version: string; health: string }> {
  const { rows } = await service.pool.query<{ state: string; result: string; version: string; health: string }>(
    'select m.state, m.result, f.version, f.health from roll.rollout_node m join roll.fleet f using (node) where node = $1',
    [node],
  );
  return rows[0]!;
}

it.each(upgrade.map((step) => [step.id, step] as const))('upgrade step %s: carried out twice, the node ends as if once', async (id) => {
  expect(await endOf(name('twice', id))).toEqual({ state: 'upgraded', result: 'verified', version: 'v0.7.0', health: 'healthy' });
});

it.each(rollback.map((step) => [step.id, step] as const))('rollback step %s: carried out twice, the node ends as if once', async (id) => {
  const node = name('twice', id);
  expect(await endOf(node)).toMatchObject({ state: 'rolled-back', version: 'v0.6.2', health: 'healthy' });
  expect(fingerprint(homes.get(node)!)).toBe(before.get(node));
});

const firstChange = upgrade.findIndex((step) => step.changes);

it.each(upgrade.map((step, i) => [step.id, step, i] as const))('upgrade step %s: failed once, the node is repeated, left alone, or taken back', async (id, step, i) => {
  const node = name('failed', id);
  const end = await endOf(node);
  if (step.attempts > 1) {
    expect(end).toEqual({ state: 'upgraded', result: 'verified', version: 'v0.7.0', health: 'healthy' });
    expect(runs.get(`${node} ${id}`)).toBe(2);
    return;
  }
  expect(end).toMatchObject({ state: i < firstChange ? 'failed' : 'rolled-back', version: 'v0.6.2', health: 'healthy' });
  expect(runs.get(`${node} ${id}`)).toBe(1);
  expect(fingerprint(homes.get(node)!)).toBe(before.get(node));
});

it.each(rollback.map((step) => [step.id, step] as const))('rollback step %s: failed once, it is repeated, or the node is left to a person', async (id, step) => {
  const node = name('back-failed', id);
  const end = await endOf(node);
  if (step.attempts > 1) {
    expect(end).toMatchObject({ state: 'rolled-back', version: 'v0.6.2' });
    expect(fingerprint(homes.get(node)!)).toBe(before.get(node));
  } else {
    expect(end).toMatchObject({ state: 'astray', health: 'unknown' });
  }
});

it('has looked at every step there is', () => {
  expect([upgrade.length, rollback.length]).toEqual([22, 6]);
  for (const step of upgrade) expect(runs.get(`${name('failed', step.id)} ${step.id}`)).toBeGreaterThanOrEqual(1);
});
