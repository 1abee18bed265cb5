import { Machine } from '../support/machine.js';
import { act, awaitHealthy, awaitQuiet, awaitRollout, call, planRollout, statusOf } from '../support/rollouts.js';
import type { RolloutStatus } from '../support/rollouts.js';

const machine = new Machine();
// The third node has no room for the upgrade; these stories need nodes that succeed.
const nodes = 'node-1,node-2,node-4';
const count = (status: RolloutStatus, state: string) => status.nodes.filter((node) => node.state === state).length;
const versions = async () => (await machine.json<{ node: string; version: string }>('node', 'list', '--nodes', nodes)).map((one) => one.version);

beforeAll(async () => {
  await machine.start(['--no-story']);
  await awaitHealthy(machine, 4);
}, 90_000);
afterAll(() => machine.dispose());

it('pauses: what is under way is finished, nothing new begins, and resuming goes on to the end', async () => {
  const { rollout } = await planRollout(machine, { nodes });
  await act(machine, rollout, 'start');
  await awaitRollout(machine, rollout, 30_000, (status) => count(status, 'upgrading') === 1);
  expect((await machine.cli('rollout', 'pause', rollout, '--reason', 'a look at the first one')).code).toBe(0);
  const paused = await awaitRollout(machine, rollout, 30_000, (status) => count(status, 'upgraded') === 1 && count(status, 'upgrading') === 0);
  expect(paused).toMatchObject({ state: 'paused', reason: 'a look at the first one' });
  // With all followers at the end of the ledger and no order under way, nothing more can come by itself.
  await awaitQuiet(machine, 30_000);
  expect(await statusOf(machine, rollout)).toMatchObject({ state: 'paused', nodes: [{ state: 'upgraded' }, { state: 'waiting' }, { state: 'waiting' }] });
  expect((await machine.cli('rollout', 'resume', rollout)).code).toBe(0);
  expect(await awaitRollout(machine, rollout, 60_000)).toMatchObject({ state: 'succeeded' });
  expect(await versions()).toEqual(['v0.7.0', 'v0.7.0', 'v0.7.0']);
}, 120_000);

it('takes a finished rollout back, node by node', async () => {
  const [{ rollout }] = (await machine.json<{ rollout: string }>('rollout', 'list')) as [{ rollout: string }];
  expect((await machine.cli('rollout', 'rollback', rollout, '--reason', 'customers complain')).code).toBe(0);
  const watched = await machine.cli('rollout', 'watch', rollout);
  expect(watched.code).toBe(3);
  expect(watched.stdout).toContain('rolled-back');
  expect(await statusOf(machine, rollout)).toMatchObject({ state: 'rolled-back' });
  expect(await versions()).toEqual(['v0.6.2', 'v0.6.2', 'v0.6.2']);
  const again = await machine.cli('rollout', 'rollback', rollout, '--reason', 'twice');
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('nothing-to-roll-back')]);
}, 120_000);

it('aborts: a node that was changed goes back, those that wait are left alone', async () => {
  const { rollout } = await planRollout(machine, { nodes });
  await act(machine, rollout, 'start');
  await awaitRollout(machine, rollout, 30_000, (status) => status.nodes.some((node) => node.result === 'claimed'));
  expect((await machine.cli('rollout', 'abort', rollout, '--reason', 'wrong night')).code).toBe(0);
  const end = await awaitRollout(machine, rollout, 60_000);
  expect(end).toMatchObject({ state: 'aborted', reason: 'wrong night' });
  expect([count(end, 'rolled-back'), count(end, 'waiting')]).toEqual([1, 2]);
  expect(await versions()).toEqual(['v0.6.2', 'v0.6.2', 'v0.6.2']);
}, 120_000);

it('aborts a plan that was never started, and refuses to start it then', async () => {
  const { rollout } = await planRollout(machine, { nodes });
  await act(machine, rollout, 'abort', { reason: 'not needed' });
  await awaitRollout(machine, rollout, 10_000, (status) => status.state === 'aborted');
  const started = await machine.cli('rollout', 'start', rollout);
  expect([started.code, started.stderr]).toEqual([1, expect.stringContaining('rollout-not-planned')]);
}, 30_000);

it('starts nothing under a digest that is not the plan\'s', async () => {
  const { rollout } = await planRollout(machine, { nodes });
  const answer = await call<{ code: string }>(machine, 'POST', `/v1/rollouts/${rollout}/start`, { digest: '0'.repeat(64) });
  expect([answer.status, answer.body.code]).toEqual([412, 'plan-changed']);
}, 30_000);

it('keeps a node for one rollout at a time', async () => {
  const first = await planRollout(machine, { nodes: 'node-1' });
  const second = await planRollout(machine, { nodes: 'node-1' });
  await act(machine, first.rollout, 'start');
  await act(machine, second.rollout, 'start');
  const [one, two] = [await awaitRollout(machine, first.rollout, 60_000), await awaitRollout(machine, second.rollout, 60_000)];
  const states = [one.nodes[0]!.state, two.nodes[0]!.state].sort();
  expect(states).toEqual(['skipped', 'upgraded']);
}, 90_000);
