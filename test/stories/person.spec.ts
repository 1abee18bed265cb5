import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../houserules/sources.js';
import { Machine, killQuietly } from '../support/machine.js';
import { act, awaitHealthy, awaitRollout, planRollout } from '../support/rollouts.js';
import { until } from '../support/until.js';

/** ORCHAT, with a person in its path and something to do to single nodes. */
const folder = mkdtempSync(join(tmpdir(), 'rollbook-person-'));
const catalog = join(folder, 'catalog');
const machine = new Machine({ ROLLBOOK_CATALOG: catalog });
const nodes = 'node-1,node-2';

function writeCatalogue(): void {
  cpSync(join(root, 'catalog/orchat'), join(catalog, 'orchat'), { recursive: true });
  mkdirSync(join(catalog, 'orchat/runbooks'), { recursive: true });
  const file = join(catalog, 'orchat/product.yaml');
  const text = readFileSync(file, 'utf8');
  if (!text.includes('migrate-check, "@install"')) throw new Error('the path of the catalogue is another one now');
  const withPerson = text.replace('migrate-check, "@install"', 'migrate-check, show, "@install"');
  const procedures = 'procedures:\n  - { procedure: check-up, title: Validate the settings, runbooks: [config-check] }\n';
  writeFileSync(file, text.includes('\nprocedures:\n') ? withPerson.replace('procedures:\n', procedures) : `${withPerson}${procedures}`);
  writeFileSync(join(catalog, 'orchat/runbooks/show.yaml'), `runbook: show
title: Show the settings to a person
steps:
  - step: settings
    title: Look at the settings before they are touched
    kind: review
    run: [orchat, --validate-config, --json]
    decide-within: 30m
    timeout: 30s
    repeat: safe
    on-failure: stop
`);
}

beforeAll(async () => {
  writeCatalogue();
  await machine.start(['--no-story']);
  await awaitHealthy(machine, 4, 60_000);
}, 150_000);
afterAll(async () => {
  await machine.dispose();
  rmSync(folder, { recursive: true, force: true });
});

interface Waiting {
  node: string;
  state: string;
  order: string;
}
const waiting = () => machine.json<Waiting>('node', 'review');

let rollout: string;

it('two nodes come to where a person has to look, and wait', async () => {
  ({ rollout } = await planRollout(machine, { nodes, strategy: { maxUnavailable: 2, failureLimit: 2 } }));
  await act(machine, rollout, 'start');
  await awaitRollout(machine, rollout, 60_000, (status) => status.nodes.every((node) => node.state === 'in-review'));
  expect((await waiting()).map((one) => one.node).toSorted()).toEqual(['node-1', 'node-2']);
  const { stdout } = await machine.cli('node', 'review', 'node-1');
  expect(stdout).toMatch(/what +Look at the settings before they are touched/);
  expect(stdout).toContain('$ "orchat" "--validate-config" "--json"');
  expect(stdout).toContain('rollbook node review node-1 --accept');
}, 120_000);

it('they still wait when everything was killed and started again, and no step was done twice', async () => {
  const before = await waiting();
  const { processes } = machine.run();
  killQuietly(machine.pid, 'SIGKILL');
  for (const name of ['api', 'worker', 'agent']) killQuietly(processes[name]!, 'SIGKILL');
  await machine.start();
  expect(machine.output).toContain('It waits for a person: `rollbook node review`');
  await until(async () => (await waiting()).length === 2, 30_000);
  expect((await waiting()).map((one) => one.order)).toEqual(before.map((one) => one.order));
}, 150_000);

it('what is accepted goes on to the end, what is rejected ends where it is', async () => {
  expect((await machine.cli('node', 'review', 'node-1', '--reject')).code).toBe(2);
  const rejected = await machine.cli('node', 'review', 'node-1', '--reject', '--reason', 'not this week');
  expect([rejected.code, rejected.stdout]).toEqual([0, 'Rejected: node-1 does not go on.\n']);
  expect((await machine.cli('node', 'review', 'node-2', '--accept')).stdout).toBe('Accepted: node-2 goes on.\n');
  const end = await awaitRollout(machine, rollout, 90_000);
  expect(end.nodes.toSorted((a, b) => (a.node < b.node ? -1 : 1))).toMatchObject([
    { node: 'node-1', state: 'failed', reason: 'review-rejected: not this week' }, { node: 'node-2', state: 'upgraded', reason: null },
  ]);
  expect((await machine.cli('node', 'review')).stdout).toBe('Nothing waits for a person.\n');
  expect((await machine.cli('node', 'review', 'node-1', '--accept')).code).toBe(1);
  const entries = await machine.json<{ type: string; data: { runbook?: string; step: string; attempt: number } }>('node', 'history', 'node-2');
  const ordered = entries.filter((entry) => entry.type === 'step.ordered').map(({ data }) => `${data.runbook}/${data.step}/${data.attempt}`);
  expect([ordered.length, new Set(ordered).size]).toEqual([23, 23]);
  const told = (await machine.cli('node', 'history', 'node-2')).stdout;
  expect(told).toContain('✓ accepted: Look at the settings before they are touched');
  expect(told.match(/Look at the settings before they are touched/g)).toHaveLength(3);
}, 150_000);

it('a procedure is carried out on one node and followed to its end', async () => {
  const done = await machine.cli('node', 'do', 'node-4', 'check-up', '--watch');
  expect(done.code).toBe(0);
  expect(done.stdout).toMatch(/procedure check-up begins: Validate the settings \(p-\w{8}\)\n.*✓ Validate the settings\n.*✓ procedure check-up is done\n$/);
  const unknown = await machine.cli('node', 'do', 'node-4', 'guess');
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('procedure-unknown: orchat has no procedure guess. Use one of: ')]);
  expect((await machine.cli('node', 'do', 'node-4', 'downgrade')).code).toBe(1);
}, 120_000);
