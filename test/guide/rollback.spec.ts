import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { StartProcedure } from '#commands';
import { Guide } from '../support/guide.js';
import type { GuideNode } from '../support/guide.js';

const settings = '.config/orchat/settings.json';

let guide: Guide;

beforeAll(async () => {
  guide = await Guide.start();
}, 60_000);
afterAll(() => guide.stop());

const at = async (node: GuideNode) => {
  const { version, health, activity } = await node.state();
  return [version, health, activity.kind];
};

/** A node that has come to v0.7.0 by its own upgrade. */
async function upgraded(name: string): Promise<GuideNode> {
  const node = await guide.node(name, 'v0.6.2');
  await node.upgrade('v0.7.0');
  expect(await at(node)).toEqual(['v0.7.0', 'healthy', 'idle']);
  return node;
}

describe('the quick rollback', () => {
  it('is taken by the node itself when the upgrade fails on it, with proof of what was restored', async () => {
    const node = await guide.node('short', 'v0.6.2', { sandbox: ['--quota-left', '200000'] });
    const before = node.files();
    await node.upgrade('v0.7.0');
    expect(await node.last('upgrade.failed')).toMatchObject({ step: 'health', reason: 'unhealthy' });
    expect(await node.last('backup.restored')).toMatchObject({ sha256: (await node.last('backup.created'))!.backup.sha256, equalsBackup: true });
    expect(await at(node)).toEqual(['v0.6.2', 'healthy', 'idle']);
    expect(node.files()).toEqual(before);
  }, 90_000);

  it('restores the latest backup when somebody asks for it', async () => {
    const node = await guide.node('latest', 'v0.6.2');
    const before = node.files();
    await node.upgrade('v0.7.0');
    expect(await node.do('quick-rollback', 'v0.6.2')).toBe('completed');
    expect(await at(node)).toEqual(['v0.6.2', 'healthy', 'idle']);
    // The validation framework is no file of the product; it stays until somebody removes it.
    expect(node.files(/^orchat-validation\//)).toEqual(before);
  }, 90_000);
});

describe('the rollback to a named version', () => {
  it.each(['v0.6.2', 'v0.6.0'])('goes to %s with the settings converted, and keeps what was done since', async (to) => {
    const node = await upgraded(`down-${to.replaceAll('.', '-')}`);
    const key = node.read('.config/orchat/secure/key.enc');
    await node.orchat('Asked after the upgrade');
    expect(await node.do('downgrade', to)).toBe('completed');
    expect(await at(node)).toEqual([to, 'healthy', 'idle']);
    expect(await node.last('migration.applied')).toMatchObject({ fromSchema: '4', toSchema: '3' });
    expect(JSON.parse(node.read(settings))).toMatchObject({ schema: 3, metrics: { enabled: true } });
    expect(node.read('.orchat_history')).toContain('Asked after the upgrade');
    expect(node.read('.config/orchat/config')).toBe(key);
    expect(existsSync(node.at('.config/orchat/secure'))).toBe(false);
  }, 90_000);

  it('is given up with the reason when settings would be lost, and the node stays as it was', async () => {
    const node = await upgraded('lossy');
    writeFileSync(node.at(settings), node.read(settings).replace('"stop": []', '"stop": ["END"]'));
    const before = node.files();
    expect(await node.do('downgrade', 'v0.6.2')).toBe('failed');
    expect(await node.last('procedure.failed')).toMatchObject({ step: 'convert', detail: expect.stringMatching(/would lose: generation\.stop/) as string });
    expect(node.files()).toEqual(before);
    expect((await node.orchat('--version')).stdout).toBe('v0.7.0\n');
  }, 90_000);

  it.each([['v0.5.0', /metrics, which v0\.5 does not know/], ['v0.3.0', /can be read by v0\.3/]])('is refused to %s, with the reason', async (to, reason) => {
    const node = await guide.node(`never-${to.replaceAll('.', '-')}`, 'v0.7.0');
    const refused = await guide.rig.bus.execute(new StartProcedure(guide.rig.person(), node.node, 'downgrade', to));
    expect(refused).toMatchObject({ ok: false, refusal: { code: 'downgrade-impossible', facts: { reason: expect.stringMatching(reason) as string } } });
  }, 60_000);
});

describe('the complete uninstall and reinstall', () => {
  it('keeps history, logs and key, and nothing of settings that were past mending', async () => {
    const node = await guide.node('again', 'v0.7.0');
    await node.orchat('A prompt worth keeping');
    const [history, key] = [node.read('.orchat_history'), node.read('.config/orchat/secure/key.enc')];
    const log = readFileSync(node.at('.cache/orchat/logs/orchat.log'), 'utf8');
    writeFileSync(node.at(settings), '{ "schema": 99 }');
    expect(await node.do('reinstall')).toBe('completed');
    expect(await at(node)).toEqual(['v0.7.0', 'healthy', 'idle']);
    expect(node.read('.orchat_history')).toBe(history);
    expect(node.read('.config/orchat/secure/key.enc')).toBe(key);
    expect(readFileSync(node.at('.cache/orchat/logs/orchat.log'), 'utf8').startsWith(log)).toBe(true);
    expect(JSON.parse(node.read(settings))).toMatchObject({ schema: 4 });
    expect(await node.last('backup.created')).toMatchObject({ backup: { name: expect.stringMatching(/^pre-p-/) as string } });
  }, 90_000);

  it('goes to an older release too', async () => {
    const node = await guide.node('older', 'v0.7.0');
    const history = node.read('.orchat_history');
    expect(await node.do('reinstall', 'v0.6.2')).toBe('completed');
    expect(await at(node)).toEqual(['v0.6.2', 'healthy', 'idle']);
    expect(node.read('.orchat_history')).toBe(history);
    expect(JSON.parse(node.read(settings))).toMatchObject({ schema: 3 });
  }, 90_000);
});

describe('a staging node', () => {
  it('tries the upgrade on a copy before anything is changed', async () => {
    const node = await guide.node('rehearsal', 'v0.6.2');
    const before = node.files();
    expect(await node.do('test-upgrade', 'v0.7.0')).toBe('completed');
    expect(await node.last('validation.run')).toMatchObject({ suite: 'orchat-test-upgrade', failed: 0 });
    expect(node.files()).toEqual(before);
    expect(await at(node)).toEqual(['v0.6.2', 'healthy', 'idle']);
  }, 60_000);

  it('is tested by the validation suite and by the critical workflows, in test mode', async () => {
    const node = await upgraded('staging');
    const history = node.read('.orchat_history');
    expect(await node.do('staging-test')).toBe('completed');
    expect(await node.last('validation.run')).toMatchObject({ suite: 'orchat-validation', total: 25, passed: 25, failed: 0, phase: 'procedure' });
    expect(node.read('.orchat_history')).toBe(history);
  }, 90_000);

  it('does not pass with a fault that the upgrade did not show', async () => {
    const node = await upgraded('faulty');
    rmSync(node.at('.config/orchat/secure/key.enc'));
    expect(await node.do('staging-test')).toBe('failed');
    expect(await node.last('validation.run')).toMatchObject({ failed: expect.any(Number) as number });
    expect((await node.last('validation.run'))!.failed).toBeGreaterThan(0);
  }, 90_000);
});
