import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Machine, cliProgram } from '../support/machine.js';
import { awaitHealthy } from '../support/rollouts.js';
import { until } from '../support/until.js';

const machine = new Machine();
const upgrade = (node: string, ...more: string[]) => machine.cli('upgrade', node, '--to', 'v0.7.0', ...more);
const lines = (text: string) => text.trim().split('\n').map((line) => line.replace(/^\[[0-9 :-]{19}\] /, ''));
const eventsOf = async (node: string) => (await machine.json<{ type: string }>('node', 'history', node)).map((entry) => entry.type);

beforeAll(async () => {
  await machine.start(['--no-story']);
  await awaitHealthy(machine, 4);
}, 120_000);
afterAll(() => machine.dispose());

it('takes a node from pre-flight checks to validation, with the log of the script', async () => {
  const { code, stdout } = await upgrade('node-1');
  expect({ code, said: lines(stdout) }).toEqual({
    code: 0,
    said: [
      'Starting ORCHAT upgrade to v0.7.0', 'Running pre-flight checks...', 'Creating backup...', 'Checking the migration...', 'Downloading version v0.7.0...',
      'Migrating the settings...', 'Settings are migrated from schema 3 to 4', 'Verifying installation...', 'Running validation suite...',
      '✅ Upgrade completed successfully', expect.stringMatching(/^Backup: pre-upgrade-r-\w+ \(SHA-256 [0-9a-f]{64}\)$/) as string, 'New version: v0.7.0',
      expect.stringMatching(/^The log is .*upgrade-node-1\.log; /) as string,
    ],
  });
  const kept = readFileSync(join(machine.home, 'logs/upgrade-node-1.log'), 'utf8');
  expect(lines(kept)).toEqual(lines(stdout).slice(0, -1));
}, 60_000);

it('does nothing when it is repeated', async () => {
  const before = await eventsOf('node-1');
  const { code, stdout } = await upgrade('node-1', '--json');
  expect([code, ...stdout.trim().split('\n').map((line) => JSON.parse(line) as object)]).toEqual([
    0, { at: expect.any(String) as string, node: 'node-1', message: 'node-1 runs ORCHAT v0.7.0 already: nothing to do' },
    { node: 'node-1', rollout: null, state: 'succeeded', version: 'v0.7.0', backup: null },
  ]);
  expect(await eventsOf('node-1')).toEqual(before);
}, 60_000);

it('goes on where it was when it was broken off', async () => {
  const first = spawn(process.execPath, [cliProgram, 'upgrade', 'node-2', '--to', 'v0.7.0'], { env: machine.environment(), stdio: 'ignore' });
  const gone = new Promise((resolve) => first.once('exit', resolve));
  await until(async () => (await eventsOf('node-2')).includes('upgrade.started'), 30_000);
  first.kill('SIGKILL');
  await gone;
  const { code, stdout } = await upgrade('node-2');
  expect(code).toBe(0);
  expect(stdout).toMatch(/Going on with the ORCHAT upgrade to v0\.7\.0|runs ORCHAT v0\.7\.0 already/);
  expect((await eventsOf('node-2')).filter((type) => type === 'upgrade.started' || type === 'backup.created')).toEqual(['upgrade.started', 'backup.created']);
}, 60_000);

it('starts a plan that waits for its start, instead of making another', async () => {
  const [planned] = await machine.json<{ rollout: string }>('rollout', 'plan', '--product', 'orchat', '--to', 'v0.7.0', '--nodes', 'node-4');
  const { stdout, code } = await upgrade('node-4', '--json');
  const result = JSON.parse(stdout.trim().split('\n').at(-1)!) as { rollout: string; state: string };
  expect({ code, ...result }).toMatchObject({ code: 0, rollout: planned!.rollout, state: 'succeeded' });
}, 60_000);

it('takes latest for the release that is current', async () => {
  const [product] = await machine.json<{ releases: { version: string; support: string }[] }>('product', 'show', 'orchat');
  const current = product!.releases.find(({ support }) => support === 'current')!.version;
  const { code, stdout } = await machine.cli('upgrade', 'node-4');
  expect(code).toBe(0);
  expect(lines(stdout)).toEqual(expect.arrayContaining([`Starting ORCHAT upgrade to ${current}`, `New version: ${current}`]));
}, 60_000);

it('ends with 3 and says why when the node was rolled back', async () => {
  const { code, stdout } = await upgrade('node-3');
  expect(code).toBe(3);
  const said = lines(stdout);
  expect(said).toContainEqual(expect.stringMatching(/^❌ Post-upgrade health check: unhealthy: metrics-storage/));
  expect(said).toEqual(expect.arrayContaining(['❌ The upgrade failed', 'Rolling back to v0.6.2...', 'Version: v0.6.2']));
}, 60_000);

it('refuses what cannot be, with what to do next', async () => {
  const unknown = await machine.cli('upgrade', 'node-9', '--to', 'v0.7.0');
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringMatching(/node-unknown/)]);
  const version = await machine.cli('upgrade', 'node-3', '--to', 'v9.9.9');
  expect([version.code, version.stderr]).toEqual([1, expect.stringMatching(/version-unknown/)]);
});
