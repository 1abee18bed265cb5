import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { Guide } from '../support/guide.js';
import type { GuideNode } from '../support/guide.js';

const settings = '.config/orchat/settings.json';
const own = '"owner": "caf\\u00e9 \\/ team", "limit": 12345678901234567890.10';
const addOwn = (node: GuideNode) => writeFileSync(node.at(settings), node.read(settings).replace('{', `{ ${own},`));
const entriesOf = (node: GuideNode) => node.read('.orchat_history').trimEnd().split('\n').slice(1).map((line) => JSON.parse(line) as { prompt: string });
const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
const kinds = (steps: { runbook: string; step: string }[]) => steps.map(({ runbook, step }) => `${runbook}/${step}`);

let guide: Guide;

beforeAll(async () => {
  guide = await Guide.start();
}, 60_000);
afterAll(() => guide.stop());

async function isWhole(node: GuideNode, version: string): Promise<void> {
  expect(await node.badSteps()).toEqual([]);
  expect(await node.state()).toMatchObject({ version, health: 'healthy', activity: { kind: 'idle' } });
}

describe('from v0.6.2 to v0.7.0', () => {
  it('goes by itself, through every step of the guide, and comes back byte for byte', async () => {
    const node = await guide.node('six', 'v0.6.2');
    addOwn(node);
    const [before, key] = [node.files(), node.read('.config/orchat/config')];
    const rollout = await node.upgrade('v0.7.0');
    await isWhole(node, 'v0.7.0');
    expect(await node.last('upgrade.verified')).toMatchObject({ rollout, from: 'v0.6.2', to: 'v0.7.0' });
    expect(await node.last('migration.applied')).toMatchObject({ fromSchema: '3', toSchema: '4' });
    // What v0.7.0 brings: the validation framework, the key in its secure place, metrics on.
    expect(await node.last('validation.run')).toMatchObject({ suite: 'orchat-validation/quick', total: 7, failed: 0 });
    expect(node.read('.config/orchat/secure/key.enc')).toBe(key);
    expect(statSync(node.at('.config/orchat/secure/key.enc')).mode & 0o777).toBe(0o600);
    expect(existsSync(node.at('.config/orchat/config'))).toBe(false);
    expect(JSON.parse(node.read(settings))).toMatchObject({ schema: 4, observability: { metrics: { enabled: true } } });
    expect(node.read(settings)).toContain('caf\\u00e9 \\/ team');
    // The start-up time, compared with the node's own before.
    expect(await node.last('baseline.measured')).toMatchObject({ when: 'after', beforeMs: expect.any(Number) as number });

    await node.rollBack(rollout);
    await isWhole(node, 'v0.6.2');
    const backup = (await node.last('backup.created'))!.backup;
    expect(await node.last('backup.restored')).toMatchObject({ sha256: backup.sha256, equalsBackup: true });
    expect(node.files()).toEqual(before);
  }, 120_000);

  it('is put in place by the installer where the plan says so, and the installer was fetched and checked first', async () => {
    const node = await guide.node('by-script', 'v0.6.0', { labels: { 'fact/installer': 'script' } });
    const before = node.files();
    const { plan } = await node.plan('v0.7.0', 'installer');
    expect(plan.routes).toMatchObject([{ method: 'installer' }]);
    expect(kinds(plan.routes[0]!.upgrade)).toEqual(expect.arrayContaining(['install-by-installer/installer', 'install-by-installer/run', 'install-by-installer/binary']));
    const rollout = await node.upgrade('v0.7.0', { method: 'installer' });
    await isWhole(node, 'v0.7.0');
    expect(await node.last('release.installed')).toMatchObject({ sha256: sha256(node.at('.local/bin/orchat')) });
    await node.rollBack(rollout);
    await isWhole(node, 'v0.6.0');
    expect(node.files()).toEqual(before);
  }, 120_000);

  it.each<[string, RegExp, (node: GuideNode) => void]>([
    ['custom-metrics', /custom metrics configuration/, (node) => writeFileSync(node.at(settings), node.read(settings).replace('/metrics/v2', 'https://collector.example/in'))],
    ['custom-script', /custom integration script/, (node) => {
      mkdirSync(node.at('.config/orchat/integrations'));
      writeFileSync(node.at('.config/orchat/integrations/notify.sh'), 'echo');
    }],
    ['custom-path', /non-standard installation path/, (node) => {
      mkdirSync(node.at('tools'));
      writeFileSync(node.at('tools/orchat'), readFileSync(node.at('.local/bin/orchat')));
      // A script of the person's own in the usual place, which starts the program from another.
      writeFileSync(node.at('.local/bin/orchat'), '#!/bin/sh\nexec node "$HOME/tools/orchat" "$@"\n');
      chmodSync(node.at('tools/orchat'), 0o755);
    }],
  ])('asks for a person with %s, before anything is changed', async (name, reason, customise) => {
    const node = await guide.node(name, 'v0.6.2');
    customise(node);
    const before = node.files();
    await node.upgrade('v0.7.0');
    expect((await node.last('migration.checked'))!.manual).toEqual([expect.stringMatching(reason)]);
    expect(await node.last('upgrade.failed')).toMatchObject({ reason: 'manual-care-needed', changed: false });
    expect(await node.state()).toMatchObject({ version: 'v0.6.2' });
    expect(node.files()).toEqual(before);
  }, 60_000);
});

describe('from v0.5.0 to v0.7.0', () => {
  const kept = '.config/orchat.v5.backup';

  it('shows a person what the conversion changed, goes on with their word, and comes back byte for byte', async () => {
    const node = await guide.node('five', 'v0.5.0');
    addOwn(node);
    const [before, old] = [node.files(), node.read(settings)];
    const { plan } = await node.plan('v0.7.0');
    expect(plan.routes[0]).toMatchObject({ migration: 'manual', legs: [{ notes: expect.arrayContaining([expect.stringMatching(/person accepts the difference/)]) as string[] }] });
    let diff = '';
    const rollout = await node.upgrade('v0.7.0', { meanwhile: async () => void (diff = await node.review(true)) });
    await isWhole(node, 'v0.7.0');
    expect(diff).toContain('-    "timeoutSeconds": 60');
    expect(diff).toContain('+    "timeoutMs": 60000');
    expect(await node.last('review.accepted')).toMatchObject({ step: 'diff' });
    expect(node.read(`${kept}/settings.json`)).toBe(old);
    expect(node.read(settings)).toContain('12345678901234567890.10');
    await node.rollBack(rollout);
    await isWhole(node, 'v0.5.0');
    expect(node.files(/^\.config\/orchat\.v5\.backup\//)).toEqual(before);
    expect(node.read(`${kept}/settings.json`)).toBe(old);
  }, 120_000);

  it('goes back when the person does not accept it', async () => {
    const node = await guide.node('five-refused', 'v0.5.0');
    const before = node.files();
    await node.upgrade('v0.7.0', { meanwhile: async () => void (await node.review(false)) });
    expect(await node.last('review.rejected')).toMatchObject({ reason: 'not like this' });
    expect(await node.state()).toMatchObject({ version: 'v0.5.0', health: 'healthy', activity: { kind: 'idle' } });
    expect(node.files(/^\.config\/orchat\.v5\.backup\//)).toEqual(before);
  }, 120_000);
});

describe('from older releases to v0.7.0', () => {
  it.each(['v0.3.0', 'v0.4.0'])('%s is archived, removed and made afresh: the history comes back, the settings do not, and all of it on the way back', async (from) => {
    const node = await guide.node(`old-${from.replaceAll('.', '-')}`, from, { sandbox: ['--history', '5'] });
    writeFileSync(node.at(settings), node.read(settings).replace('"maxTokens": 1024', '"maxTokens": 99'));
    mkdirSync(node.at('.config/orchat/integrations'));
    writeFileSync(node.at('.config/orchat/integrations/notify.sh'), 'echo');
    const [before, history, key] = [node.files(), node.read('.orchat_history'), node.read('.config/orchat/config')];
    const { plan } = await node.plan('v0.7.0');
    expect(plan.routes[0]).toMatchObject({ migration: 'fresh-install', legs: [{ notes: expect.arrayContaining([expect.stringMatching(/Custom settings are entered again by hand/)]) as string[] }] });
    const rollout = await node.upgrade('v0.7.0');
    await isWhole(node, 'v0.7.0');
    const backup = (await node.last('backup.created'))!.backup;
    expect(await node.last('backup.verified')).toMatchObject({ sha256: backup.sha256 });
    // The history, byte for byte where the release that now keeps it has another form.
    if (from === 'v0.3.0') expect(node.read('.orchat_history.format1')).toBe(history);
    else expect(node.read('.orchat_history').startsWith(history)).toBe(true);
    expect(entriesOf(node).slice(0, 5).map(({ prompt }) => prompt)).toEqual(['Summarise the minutes (1)', 'Draft a reply (2)', 'Explain this error (3)', 'Translate the notice (4)', 'Summarise the minutes (5)']);
    // The settings are fresh, the key is the old one.
    expect(JSON.parse(node.read(settings))).toMatchObject({ schema: 4, generation: { maxTokens: 1024 } });
    expect(existsSync(node.at('.config/orchat/integrations'))).toBe(false);
    expect(node.read('.config/orchat/secure/key.enc')).toBe(key);

    await node.rollBack(rollout);
    await isWhole(node, from);
    expect(await node.last('backup.restored')).toMatchObject({ sha256: backup.sha256, equalsBackup: true });
    expect(node.files(/^orchat-pre-upgrade-.*\.tar\.gz$/)).toEqual(before);
  }, 120_000);
});

describe('between older releases', () => {
  // They are past their support on most days that this runs.
  beforeAll(() => guide.except('targets.endOfLife'));

  it.each([['v0.3.0', 'v0.5.0', 'manual', '2', '3'], ['v0.4.0', 'v0.5.0', 'manual', '2', '3'], ['v0.5.0', 'v0.6.0', 'partial', '3', '3'], ['v0.5.0', 'v0.6.2', 'partial', '3', '3'], ['v0.6.0', 'v0.6.2', 'automatic', '3', '3']])(
    'goes from %s to %s and back byte for byte', async (from, to, migration, fromSchema, toSchema) => {
      const node = await guide.node(`${from}-${to}`.replaceAll(/[v.]/g, ''), from);
      const before = node.files();
      expect((await node.plan(to)).plan.routes).toMatchObject([{ migration, legs: [{ from, to }] }]);
      const rollout = await node.upgrade(to);
      await isWhole(node, to);
      expect(await node.last('migration.applied')).toMatchObject({ fromSchema, toSchema });
      await node.rollBack(rollout);
      await isWhole(node, from);
      expect(node.files()).toEqual(before);
    }, 120_000);
});

it('goes from v0.7.0 to v0.8.0 once that is out, and back to the validation suite of v0.7.0', async () => {
  const node = await guide.node('seven', 'v0.7.0');
  await node.orchat('metrics', '--enable');
  expect(await node.do('validate')).toBe('completed');
  const before = node.files();
  const rollout = await node.upgrade('v0.8.0');
  await isWhole(node, 'v0.8.0');
  await node.rollBack(rollout);
  await isWhole(node, 'v0.7.0');
  expect(node.files()).toEqual(before);
}, 120_000);
