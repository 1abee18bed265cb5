import { lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AptRoot, describeWithApt } from '../support/apt.js';
import { Guide } from '../support/guide.js';
import type { GuideNode } from '../support/guide.js';
import { makeSandbox } from '../support/sandboxes.js';

describeWithApt('the guide\'s method C with apt', () => {
  let guide: Guide;

  beforeAll(async () => {
    guide = await Guide.start();
  }, 60_000);
  afterAll(() => guide.stop());

  /** A node whose program was installed by apt, and the packages that its repository holds. */
  async function packaged(name: string, versions: string[]): Promise<{ node: GuideNode; apt: AptRoot }> {
    const folder = join(guide.rig.folder, `apt-${name}`);
    mkdirSync(folder);
    const [apt, home] = [new AptRoot(folder), join(guide.rig.folder, name)];
    for (const version of versions) await apt.publish(version);
    await apt.apt('update');
    await apt.apt('install', '--yes', 'orchat=0.6.2');
    await makeSandbox(home, 'v0.6.2');
    apt.isUnder(home);
    return { apt, node: await guide.serve({ node: name, product: 'orchat', home, labels: { 'fact/installer': 'apt' } }) };
  }

  it('is chosen by what the agent knows of its node, upgrades to the planned version, and comes back', async () => {
    const { node, apt } = await packaged('debian', ['0.6.2', '0.7.0', '0.8.0']);
    const before = node.files();
    const { plan } = await node.plan('v0.7.0');
    expect(plan.routes[0]!.method).toBe('apt');
    const rollout = await node.upgrade('v0.7.0');
    expect(await node.badSteps()).toEqual([]);
    expect(await node.state()).toMatchObject({ version: 'v0.7.0', health: 'healthy' });
    // Not the newest of the repository, which is v0.8.0.
    expect(await apt.installed()).toBe('0.7.0');
    expect(await node.last('validation.run')).toMatchObject({ suite: 'orchat-validation/quick', failed: 0 });

    await node.rollBack(rollout);
    expect(await node.badSteps()).toEqual([]);
    expect(await node.state()).toMatchObject({ version: 'v0.6.2', health: 'healthy', activity: { kind: 'idle' } });
    expect(await apt.installed()).toBe('0.6.2');
    expect(await node.last('backup.restored')).toMatchObject({ equalsBackup: true });
    expect(lstatSync(node.at('.local/bin/orchat')).isSymbolicLink()).toBe(true);
    expect(node.files()).toEqual(before);
  }, 180_000);

  it('goes back when the repository has not what was planned', async () => {
    const { node, apt } = await packaged('behind', ['0.6.2']);
    const before = node.files();
    await node.upgrade('v0.7.0');
    expect(await node.last('upgrade.failed')).toMatchObject({ step: 'package', reason: 'exit-code' });
    expect(await node.state()).toMatchObject({ version: 'v0.6.2', health: 'healthy', activity: { kind: 'idle' } });
    expect(await apt.installed()).toBe('0.6.2');
    expect(node.files()).toEqual(before);
  }, 120_000);
});
