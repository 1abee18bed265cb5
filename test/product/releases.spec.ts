import { execFile } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { releases } from '../../apps/orchat/src/releases.js';
import type { Sandbox } from '../../apps/orchat/src/sandbox/create.js';
import { OrchatNode, buildInto, root, sha256, temporaryFolder } from './orchat-node.js';
import { pathOf, readProduct, readRunbook } from './runbooks.js';

const exec = promisify(execFile);
const folder = temporaryFolder();
const built = join(folder, 'releases');
const sandboxProgram = join(folder, 'compiled/apps/orchat/src/sandbox.js');

beforeAll(async () => {
  await buildInto(built);
  const compiler = join(root, 'node_modules/@swc/cli/bin/swc.js');
  const args = [compiler, 'apps/orchat', '-d', join(folder, 'compiled'), '--quiet'];
  await exec(process.execPath, args, { cwd: root });
  writeFileSync(join(folder, 'compiled/package.json'), '{"type":"module"}');
});

async function sandbox(...args: string[]) {
  const { stdout } = await exec(process.execPath, [sandboxProgram, 'create', '--releases', built, ...args]);
  return JSON.parse(stdout) as Sandbox;
}

describe('the built releases', () => {
  it('are the same bytes when they are built again', async () => {
    const again = join(folder, 'again');
    await buildInto(again);
    const read = (place: string) => readFileSync(join(place, 'releases.json'), 'utf8');
    expect(read(again)).toBe(read(built));
    for (const { version } of releases) {
      expect(sha256(join(again, version, 'orchat'))).toBe(sha256(join(built, version, 'orchat')));
    }
  });

  it('have the digests of the catalogue', () => {
    const artifacts = readProduct().releases.flatMap((release) => release.artifacts);
    const digests = artifacts.map(({ file }) => [file, sha256(join(built, file))]);
    // After a change of the product: node apps/orchat/build-releases.mjs --write-catalogue
    expect(Object.fromEntries(artifacts.map(({ file, sha256: said }) => [file, said]))).toEqual(
      Object.fromEntries(digests),
    );
  });

  it('differ from each other and hold no path of the machine that built them', () => {
    const contents = releases.map(({ version }) => readFileSync(join(built, version, 'orchat'), 'utf8'));
    expect(new Set(contents).size).toBe(releases.length);
    for (const content of contents) expect(content).not.toContain(root);
  });

  it.each(releases)('$version sets up a home that is healthy in its own eyes', async ({ version }) => {
    const home = join(folder, `home-${version}`);
    await sandbox('--home', home, '--release', version);
    const node = new OrchatNode(home);
    expect((await node.run(['--version'])).stdout).toBe(`${version}\n`);
    const { code, json } = await node.run(['health-check', '--full', '--json']);
    expect([code, json.health]).toEqual([0, 'healthy']);
  });
});

describe('the catalogue', () => {
  it('lists every release of the product', () => {
    const listed = readProduct().releases.map(({ version }) => version);
    expect(listed).toEqual(releases.map(({ version }) => version));
  });

  it('names runbooks that are there, and returns from every step after a change', () => {
    const names = readdirSync(join(root, 'catalog/orchat/runbooks')).map((file) => file.replace('.yaml', ''));
    for (const name of names) expect(readRunbook(name).runbook).toBe(name);
    const product = readProduct();
    const ways = product.methods.flatMap(({ method }) => product.paths.map(({ from, to }) => pathOf(product, from[0]!, to, method)));
    for (const path of ways) {
      expect(names).toEqual(expect.arrayContaining([...path.upgrade, ...path.rollback]));
      const steps = path.upgrade.flatMap((name) => readRunbook(name).steps);
      const firstChange = steps.findIndex(({ changes }) => changes);
      const said = steps.map((step) => step['on-failure']);
      expect(said.slice(firstChange)).toEqual(steps.slice(firstChange).map(() => 'rollback'));
      // What a method does before its own first change may come after one of the path.
      expect(said.slice(0, firstChange).filter((one) => one === 'rollback').length).toBeLessThanOrEqual(1);
    }
  });
});

describe('a sandbox', () => {
  it('is left as it is when it is there already', async () => {
    const home = join(folder, 'kept');
    expect(await sandbox('--home', home, '--release', 'v0.6.2')).toMatchObject({ created: true });
    const before = new OrchatNode(home).snapshot();
    expect(await sandbox('--home', home, '--release', 'v0.7.0')).toMatchObject({ created: false });
    expect(new OrchatNode(home).snapshot()).toEqual(before);
  });

  it('has the settings, the history and the room that were asked for', async () => {
    const home = join(folder, 'wished');
    const config = join(folder, 'own.json');
    writeFileSync(config, '{ "schema": 99 }');
    const wish = ['--history', '40', '--config', config, '--quota-left', '5000'];
    const { usedBytes, quotaBytes } = await sandbox('--home', home, '--release', 'v0.6.2', ...wish);
    expect(quotaBytes! - usedBytes).toBe(5000);
    const node = new OrchatNode(home);
    expect(node.read('.config/orchat/settings.json')).toBe('{ "schema": 99 }');
    expect(node.read('.orchat_history').split('\n')).toHaveLength(42);
  });
});
