import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildInto, makeNode, sha256, temporaryFolder } from './orchat-node.js';
import { artifactsOf, carryOut, pathOf, readProduct } from './runbooks.js';

const folder = temporaryFolder();
const built = join(folder, 'releases');
const product = readProduct();
const path = pathOf(product, 'v0.6.2', 'v0.7.0');
const target = product.releases.find(({ version }) => version === 'v0.7.0')!.artifacts[0]!;
const parameters = { ...artifactsOf(product, 'v0.7.0'), from: 'v0.6.2', to: 'v0.7.0', backup: 'before-v0.7.0' };
const backParameters = { ...parameters, ...artifactsOf(product, 'v0.6.2'), from: 'v0.7.0', to: 'v0.6.2' };

beforeAll(() => buildInto(built));

describe('the guide, from v0.6.2 to v0.7.0 and back', () => {
  it('upgrades with every step good, and the facts tell what happened', async () => {
    const node = makeNode(folder, 'v0.6.2');
    const results = await carryOut(node, path.upgrade, parameters, built);
    expect(results.filter(({ good }) => !good)).toEqual([]);
    const facts = Object.fromEntries(results.map((one) => [`${one.runbook}/${one.step}`, one.facts]));
    expect(facts['pre-upgrade/health']).toEqual({ health: 'healthy', problems: [] });
    expect(facts['backup/read-back']).toEqual({ sha256: facts['backup/create']!.sha256 });
    expect(facts['migrate-check/check']).toEqual({ needed: true, manual: [], fromSchema: 3, toSchema: 4 });
    expect(facts['migrate/migrate']).toEqual({ fromSchema: 3, toSchema: 4 });
    expect(facts['verify/version']).toEqual({ version: 'v0.7.0' });
    expect(facts['verify/settings']).toEqual({ valid: true, schema: 4, problems: [] });
    expect(facts['verify/metrics']).toMatchObject({ feature: 'metrics', ok: true });
    expect(sha256(node.at('.local/bin/orchat'))).toBe(target.sha256);
    expect(statSync(node.at('.cache/orchat/metrics/journal.bin')).size).toBe(256 * 1024);
  });

  it('moves the key to its secure place and keeps the old settings beside the new', async () => {
    const node = makeNode(folder, 'v0.6.2');
    const [key, settings] = [node.read('.config/orchat/config'), node.read('.config/orchat/settings.json')];
    await carryOut(node, ['install', 'migrate'], parameters, built);
    expect(node.read('.config/orchat/secure/key.enc')).toBe(key);
    expect(statSync(node.at('.config/orchat/secure/key.enc')).mode & 0o777).toBe(0o600);
    expect(existsSync(node.at('.config/orchat/config'))).toBe(false);
    expect(node.read('.config/orchat/settings.schema3.json')).toBe(settings);
  });

  it('goes back with every file as it was, byte for byte and bit for bit of its mode', async () => {
    const node = makeNode(folder, 'v0.6.2');
    const before = node.snapshot();
    const up = await carryOut(node, path.upgrade, parameters, built);
    expect(node.snapshot()).not.toEqual(before);
    const back = await carryOut(node, path.rollback, backParameters, built);
    expect(back.filter(({ good }) => !good)).toEqual([]);
    expect(node.snapshot()).toEqual(before);
    const created = up.find(({ step }) => step === 'create')!.facts;
    const restored = back.find(({ step }) => step === 'restore')!.facts;
    expect(restored).toEqual({ sha256: created.sha256, matches: true });
    expect(back.find(({ step }) => step === 'version')!.facts).toEqual({ version: 'v0.6.2' });
    expect(existsSync(node.at('.cache/orchat/metrics/journal.bin'))).toBe(false);
  });

  it('can be rolled back twice, and the backup stays', async () => {
    const node = makeNode(folder, 'v0.6.2');
    await carryOut(node, path.upgrade, parameters, built);
    await carryOut(node, path.rollback, backParameters, built);
    const again = await node.run(['backup', 'restore', '--latest', '--json']);
    expect(again.json).toMatchObject({ ok: true, matches: true, replaced: [], removed: [] });
    expect((await node.run(['backup', 'list', '--json'])).json.backups).toHaveLength(1);
  });

  it('leaves one line in the log for each command that changed something', async () => {
    const node = makeNode(folder, 'v0.6.2');
    await carryOut(node, path.upgrade, parameters, built);
    expect(node.log().map(({ command, version, outcome }) => `${version} ${command} ${outcome}`)).toEqual([
      'v0.6.2 --setup ok',
      'v0.6.2 backup create ok',
      'v0.7.0 --migrate-config ok',
      'v0.7.0 --secure-key unchanged',
      'v0.7.0 metrics ok',
      'v0.7.0 health-check ok',
      ...Array.from({ length: 5 }, () => 'v0.7.0 prompt ok'),
    ]);
  });

  it('goes on to v0.8.0 without a migration', async () => {
    const node = makeNode(folder, 'v0.7.0');
    node.install(join(built, 'v0.8.0/orchat'));
    const { json } = await node.run(['--migrate-config', '--from=v0.7.0', '--to=v0.8.0', '--json']);
    expect(json).toMatchObject({ ok: true, changed: false, fromSchema: 4, toSchema: 4 });
    expect((await node.run(['health-check', '--post-upgrade', '--json'])).json.health).toBe('healthy');
  });
});

describe('a node whose quota leaves 200000 bytes', () => {
  it('passes the checks before the upgrade, has no room for the journal, and comes back', async () => {
    const node = makeNode(folder, 'v0.6.2', { quotaLeft: 200_000 });
    const before = node.snapshot();
    const up = await carryOut(node, path.upgrade, parameters, built);
    expect(up.filter(({ good }) => !good)).toEqual([
      {
        runbook: 'verify', step: 'health', good: false,
        facts: { health: 'unhealthy', problems: [expect.stringMatching(/^metrics-storage: .* needs 262144 bytes/)] },
      },
    ]);
    const { json } = await node.run(['health-check', '--post-upgrade', '--json']);
    const failed = (json.checks as { name: string; status: string; message: string }[]).filter(
      ({ status }) => status === 'fail',
    );
    expect(failed).toHaveLength(1);
    expect(failed[0]).toMatchObject({ name: 'metrics-storage' });
    expect(failed[0]!.message).toContain('journal.bin needs 262144 bytes and the quota leaves');
    const back = await carryOut(node, path.rollback, backParameters, built);
    expect(back.filter(({ good }) => !good)).toEqual([]);
    expect(node.snapshot()).toEqual(before);
  });

  it('is upgraded once there is room', async () => {
    const node = makeNode(folder, 'v0.6.2', { quotaLeft: 450_000 });
    const up = await carryOut(node, path.upgrade, parameters, built);
    expect(up.filter(({ good }) => !good)).toEqual([]);
    expect(readFileSync(node.at('.cache/orchat/metrics/journal.bin'))).toHaveLength(256 * 1024);
  });

  it('is stopped at the backup, unchanged, where a restore would not have room either', async () => {
    const node = makeNode(folder, 'v0.6.2', { quotaLeft: 100_000 });
    const before = node.snapshot();
    const up = await carryOut(node, path.upgrade, parameters, built);
    expect(up.at(-1)).toMatchObject({ runbook: 'backup', step: 'create', good: false });
    expect(node.snapshot()).toEqual(before);
  });

  it('comes back also when the journal has taken the room that the restore needs', async () => {
    const node = makeNode(folder, 'v0.6.2', { quotaLeft: 350_000 });
    const before = node.snapshot();
    await carryOut(node, path.upgrade, parameters, built);
    expect(existsSync(node.at('.cache/orchat/metrics/journal.bin'))).toBe(true);
    const back = await carryOut(node, path.rollback, backParameters, built);
    expect(back.filter(({ good }) => !good)).toEqual([]);
    expect(node.snapshot()).toEqual(before);
  });
});

describe('a node whose boot cache is pinned', () => {
  it('takes the new binary, answers as the old release, and has no pin after the way back', async () => {
    const node = makeNode(folder, 'v0.6.2', { pinBoot: true });
    const before = node.snapshot();
    const up = await carryOut(node, path.upgrade, parameters, built);
    expect(sha256(node.at('.local/bin/orchat'))).toBe(target.sha256);
    expect(up.at(-1)).toMatchObject({ runbook: 'install', step: 'version', good: false });
    expect(up.at(-1)!.facts).toEqual({ version: 'v0.6.2' });
    const back = await carryOut(node, path.rollback, backParameters, built);
    expect(back.filter(({ good }) => !good)).toEqual([]);
    expect(node.snapshot()).toEqual(before);
    const again = await carryOut(node, path.upgrade, { ...parameters, backup: 'second' }, built);
    expect(again.filter(({ good }) => !good)).toEqual([]);
  });
});
