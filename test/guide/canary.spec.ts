import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Machine } from '../support/machine.js';
import { OwnCatalogue } from '../support/own-catalogue.js';
import { awaitHealthy, awaitRollout, statusOf } from '../support/rollouts.js';

/** Gate of a status, as `rollout status --json` tells it. */
interface Gate {
  kind: string;
  state: string;
  verdict: string;
  reason: string;
  says: string;
  found: { nodes: { node: string; group: string; outcome: string; reason: string | null; counts: { errors: { since: { count: number } | null } } }[] }[];
}

/** A release that passes every check right after its installation, and goes bad as it is used. */
const leaking = `if (process.argv[2] === 'health-check' && !process.argv.includes('--post-upgrade')) {
  const fs = process.getBuiltinModule('node:fs');
  const cache = process.env.HOME + '/.cache/orchat';
  fs.mkdirSync(cache + '/logs', { recursive: true });
  fs.appendFileSync(cache + '/handles', 'x');
  fs.appendFileSync(cache + '/logs/orchat.log', JSON.stringify({ at: new Date().toISOString(), pid: process.pid, version: 'v0.8.0', command: 'health-check', args: [], outcome: 'failed' }) + '\\n');
  if (fs.statSync(cache + '/handles').size > 3) {
    console.log(JSON.stringify({ health: 'unhealthy', problems: ['too many handles'] }));
    process.exit(1);
  }
}`;
/** Errors as the guide counts them: lines of the product's own log. */
const counting = `import { existsSync, readFileSync } from 'node:fs';
const log = process.env.HOME + '/.cache/orchat/logs/orchat.log';
const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\\n') : [];
console.log(JSON.stringify({ errors: lines.filter((line) => line.includes('"outcome":"failed"')).length, lines: lines.length }));`;

const own = new OwnCatalogue();
own.spoil('v0.8.0', leaking);
own.countBy(counting);
const machine = new Machine(own.env);
const canary = ['--nodes', 'node-1,node-2,node-4', '--strategy', 'canary', '--canary-nodes', 'node-1,node-2', '--soak', '12s', '--baseline', '4s', '--canary-metric', 'errors', '--max-unavailable', '2'];
const binaryOf = (node: string) => readFileSync(join(machine.home, 'nodes', node, '.local/bin/orchat'));

async function planned(to: string): Promise<string> {
  const [plan] = await machine.json<{ rollout: string; plan: { targets: { node: string; wave: number }[] } }>('rollout', 'plan', '--product', 'orchat', '--to', to, ...canary);
  expect(plan!.plan.targets.map(({ node, wave }) => `${wave} ${node}`).sort()).toEqual(['1 node-1', '1 node-2', '2 node-4']);
  return plan!.rollout;
}

async function gatesOf(rollout: string): Promise<Gate[]> {
  const [status] = await machine.json<{ gates: Gate[] }>('rollout', 'status', rollout);
  return status!.gates;
}

beforeAll(async () => {
  await machine.start(['--no-story']);
  await awaitHealthy(machine, 4);
}, 90_000);
afterAll(async () => {
  await machine.dispose();
  own.remove();
});

it('stops a bad release at the canaries and takes them back; the others never saw it', async () => {
  const before = binaryOf('node-1');
  const rollout = await planned('v0.8.0');
  expect((await machine.cli('rollout', 'start', rollout)).code).toBe(0);
  await awaitRollout(machine, rollout, 60_000, (status) => status.nodes.filter((node) => node.state === 'upgraded').length === 2);
  expect(binaryOf('node-1').equals(before)).toBe(false);
  const end = await awaitRollout(machine, rollout, 90_000);
  expect(end).toMatchObject({ state: 'rolled-back' });
  expect(end.nodes.map(({ node, state }) => `${node} ${state}`).sort()).toEqual(['node-1 rolled-back', 'node-2 rolled-back', 'node-4 waiting']);
  for (const node of ['node-1', 'node-2', 'node-4']) expect(binaryOf(node).equals(before)).toBe(true);
  const [gate] = await gatesOf(rollout);
  expect(gate).toMatchObject({ kind: 'canary', state: 'rolled-back', verdict: 'rollback', reason: 'canaries-failed' });
  expect(gate!.says).toContain('0 of 2 canaries are well, 2 failed');
  const found = gate!.found.flatMap((part) => part.nodes);
  expect(found.map(({ node, group, outcome, reason }) => `${group} ${node} ${outcome} ${reason}`).sort()).toEqual(['canary node-1 failed unhealthy', 'canary node-2 failed unhealthy', 'control node-4 ok null']);
  // What the product itself counted on the canaries, and on the node that was left alone.
  for (const { group, counts } of found) expect((counts.errors.since?.count ?? 0) > 0).toBe(group === 'canary');
  const told = await machine.cli('rollout', 'status', rollout);
  expect(told.stdout).toContain('canary node-1: failed (unhealthy), errors 0 before');
}, 180_000);

it('promotes a good one: the canaries live through their soak, and the rest follows', async () => {
  const rollout = await planned('v0.7.0');
  const watched = await machine.cli('rollout', 'start', rollout, '--watch');
  expect([watched.code, watched.stdout]).toEqual([0, expect.stringContaining('waves 1: 2 passed, 2: 1 passed')]);
  expect(watched.stdout).toContain('gate 0 canary: insufficient. 2 of 2 canaries are well.');
  expect(await statusOf(machine, rollout)).toMatchObject({ state: 'succeeded', waves: [{ wave: 1, nodes: 2, state: 'passed' }, { wave: 2, nodes: 1, state: 'passed' }] });
  const [gate] = await gatesOf(rollout);
  expect(gate).toMatchObject({ state: 'passed', verdict: 'promote', reason: 'canaries-well' });
  expect(gate!.says).toContain('With 95 % certainty this excludes only that more than 78 % of nodes fail.');
  expect(gate!.says).toContain('so this alone decides nothing');
  const versions = await machine.json<{ node: string; version: string }>('node', 'list', '--nodes', 'node-1,node-2,node-4');
  expect(versions.map((one) => one.version)).toEqual(['v0.7.0', 'v0.7.0', 'v0.7.0']);
}, 180_000);

it('keeps every sample beside what was decided on it', async () => {
  const [, first] = await machine.json<{ rollout: string }>('rollout', 'list');
  const events: Response = await fetch(`${machine.url}/v1/events?after=0&rollout=${first!.rollout}`, { signal: AbortSignal.timeout(20_000) });
  const types: string[] = [];
  const reader = events.body!.getReader();
  for (let text = ''; !text.includes('rollout.completed'); ) {
    const { value, done } = (await reader.read()) as { value: Uint8Array | undefined; done: boolean };
    if (done || !value) break;
    text += Buffer.from(value).toString('utf8');
    types.splice(0, types.length, ...[...text.matchAll(/"type":"(rollout\.gate-[a-z]+)"/g)].map(([, type]) => type!));
  }
  await reader.cancel();
  expect(types.length).toBeGreaterThan(2);
  expect(types.filter((_, i) => i % 2 === 0).every((type) => type === 'rollout.gate-sampled')).toBe(true);
  expect(types.filter((_, i) => i % 2 === 1).every((type) => type === 'rollout.gate-judged')).toBe(true);
}, 60_000);
