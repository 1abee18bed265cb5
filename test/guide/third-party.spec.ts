import { cpSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../houserules/sources.js';
import { describeWithNpm } from '../support/npm.js';
import { Guide } from '../support/guide.js';
import type { GuideNode } from '../support/guide.js';
import { runProcess } from '../support/machine.js';

const files = join(root, 'catalog/json5/files');
const prefix = '.local/lib/json5';
// CVE-2022-46175: what 2.2.1 makes of this is an object that has got "admin" from elsewhere.
const attack = '{ "user": "a", "__proto__": { "admin": true } }';

let guide: Guide;
let node: GuideNode;
let mirror: string;

/** What npm notes down for itself is no part of it. */
const installation = () => node.files(/^\.npm\//, /\/\.package-lock\.json$/);

/** Reads a document with the json5 that the node has, as a program that uses it would. */
async function admin(): Promise<unknown> {
  const program = `process.stdout.write(String(require(${JSON.stringify(node.at(`${prefix}/node_modules/json5`))}).parse(${JSON.stringify(attack)}).admin))`;
  return (await runProcess(process.execPath, ['-e', program])).stdout;
}

/** How a machine of this place reaches the registry; a node's npm is set up the same way. */
async function npmSettings(): Promise<string> {
  const names = ['registry', 'cafile', 'proxy', 'https-proxy'];
  const values = await Promise.all(names.map(async (name) => (await runProcess('npm', ['config', 'get', name])).stdout.trim()));
  return names.flatMap((name, i) => (['', 'null', 'undefined'].includes(values[i]!) ? [] : [`${name}=${values[i]}\n`])).join('');
}

/** The program as it is before Rollbook comes: installed by npm in a prefix of its own. */
async function installed(home: string, version: string): Promise<void> {
  mkdirSync(join(home, '.local/bin'), { recursive: true });
  cpSync(join(files, version), join(home, prefix), { recursive: true });
  writeFileSync(join(home, '.npmrc'), await npmSettings());
  const done = await runProcess('npm', ['ci', '--prefix', join(home, prefix), '--ignore-scripts', '--no-audit', '--no-fund']);
  if (done.code !== 0) throw new Error(done.stderr);
  symlinkSync(`../lib/json5/node_modules/.bin/json5`, join(home, '.local/bin/json5'));
}

describeWithNpm('a public program of the npm registry', () => {
  beforeAll(async () => {
    guide = await Guide.start();
    mirror = join(guide.rig.folder, 'mirror');
    cpSync(files, join(mirror, 'json5'), { recursive: true });
    const home = join(guide.rig.folder, 'npm-1');
    await installed(home, '2.2.1');
    node = await guide.serve({ node: 'npm-1', product: 'json5', home, labels: {} }, mirror);
  }, 120_000);
  afterAll(() => guide.stop());

  it('is upgraded by a catalogue entry of its own, and rolled back', async () => {
    const before = installation();
    expect(await admin()).toBe('true');
    const rollout = await node.upgrade('2.2.3');
    expect(await node.badSteps()).toEqual([]);
    expect(await node.state()).toMatchObject({ version: '2.2.3', activity: { kind: 'idle' } });
    expect(await admin()).toBe('undefined');
    expect(lstatSync(node.at('.local/bin/json5')).isSymbolicLink()).toBe(true);

    await node.rollBack(rollout);
    expect(await node.badSteps()).toEqual([]);
    expect(await node.state()).toMatchObject({ version: '2.2.1', activity: { kind: 'idle' } });
    expect(await admin()).toBe('true');
    expect(installation()).toEqual(before);
  }, 180_000);

  it('takes no package but the one whose digest is in the lock file, and goes back', async () => {
    const lock = join(mirror, 'json5/2.2.3/package-lock.json');
    const [good, before] = [readFileSync(lock, 'utf8'), installation()];
    // The lock file that was agreed to has its digest in the catalogue; this one is another.
    writeFileSync(lock, good.replace(/"integrity": "sha512-.{10}/, '"integrity": "sha512-AAAAAAAAAA'));
    await node.upgrade('2.2.3');
    expect(await node.last('upgrade.failed')).toMatchObject({ step: 'lock', reason: 'artifact-differs' });
    expect(await node.state()).toMatchObject({ version: '2.2.1', activity: { kind: 'idle' } });
    expect(installation()).toEqual(before);
    writeFileSync(lock, good);
  }, 180_000);

  it('npm itself refuses a package that is not the one of the lock', async () => {
    const folder = join(guide.rig.folder, 'forged');
    cpSync(join(files, '2.2.3'), folder, { recursive: true });
    const lock = join(folder, 'package-lock.json');
    writeFileSync(lock, readFileSync(lock, 'utf8').replace(/"integrity": "sha512-.{10}/, '"integrity": "sha512-AAAAAAAAAA'));
    const done = await runProcess('npm', ['ci', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund']);
    expect(done.code).not.toBe(0);
    expect(done.stderr).toContain('EINTEGRITY');
  }, 60_000);
});
