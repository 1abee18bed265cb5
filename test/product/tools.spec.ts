import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { type OrchatNode, buildInto, makeNode, sha256, temporaryFolder } from './orchat-node.js';

const folder = temporaryFolder();
const built = join(folder, 'releases');

beforeAll(() => buildInto(built));

interface Told {
  code: number | null;
  json: Record<string, unknown> & { checks?: { name: string; ok: boolean; message: string }[] };
  stderr: string;
}

/** Runs a file as the program that it is, in the home of a node. */
function tool(node: OrchatNode, file: string, args: string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Told> {
  const child = spawn(file, [...args, '--json'], { env: { ...node.env, ...env }, cwd: node.home });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => done({ code, stderr, json: (stdout === '' ? {} : JSON.parse(stdout)) as Told['json'] }));
  });
}

const installer = (node: OrchatNode, args: string[] = [], env: NodeJS.ProcessEnv = {}) => tool(node, join(built, 'v0.7.0/install'), args, env);
const uninstaller = (node: OrchatNode) => tool(node, join(built, 'v0.7.0/uninstall'));
const suite = (node: OrchatNode, args: string[] = []) => tool(node, join(built, 'v0.7.0/run-all'), args);
const version = async (node: OrchatNode) => (await node.run(['--version'])).stdout.trim();

describe('the installer', () => {
  it.each(['v0.6.0', 'v0.6.2'])('upgrades %s in place and converts its settings with it', async (from) => {
    const node = makeNode(folder, from);
    const { code, json } = await installer(node, ['--upgrade']);
    expect([code, json]).toEqual([0, expect.objectContaining({ ok: true, installed: true, version: 'v0.7.0', from, migrated: true, fromSchema: 3, toSchema: 4, manual: [] })]);
    expect(await version(node)).toBe('v0.7.0');
    expect(sha256(node.at('.local/bin/orchat'))).toBe(sha256(join(built, 'v0.7.0/orchat')));
    expect(existsSync(node.at('.cache/orchat/previous/orchat'))).toBe(false);
    expect((await installer(node, ['--upgrade'])).json).toMatchObject({ ok: true, changed: false });
  });

  it('leaves settings to a person that are not converted by themselves, and says so by its exit code', async () => {
    const node = makeNode(folder, 'v0.5.0');
    const settings = node.read('.config/orchat/settings.json');
    const { code, json } = await installer(node, ['--upgrade']);
    expect([code, json.installed, json.migrated]).toEqual([3, true, false]);
    expect(json.manual).toEqual(['settings of v0.5: run --migrate-config --from=v0.5 --to=v0.7.0']);
    expect(node.read('.config/orchat/settings.json')).toBe(settings);
  });

  it('fetches from a server, follows its digest, and takes nothing else', async () => {
    const served = { path: '' };
    const server = createServer((request, answer) => {
      served.path = request.url ?? '';
      if (served.path.startsWith('/good/')) answer.end(readFileSync(join(built, served.path.slice('/good/'.length))));
      else if (served.path.startsWith('/bad/')) answer.end('#!/bin/sh\necho v0.7.0\n');
      else answer.writeHead(404).end();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    try {
      const { port } = server.address() as { port: number };
      const from = (place: string) => ({ ORCHAT_MIRROR: `http://127.0.0.1:${port}/${place}` });
      const node = makeNode(folder, 'v0.6.2');
      const before = node.snapshot();
      expect(await installer(node, ['--upgrade'], from('bad'))).toMatchObject({ code: 1, json: { ok: false, code: 'artifact-differs' } });
      expect(await installer(node, ['--upgrade'], from('none'))).toMatchObject({ code: 1, json: { code: 'not-fetched' } });
      expect(node.snapshot()).toEqual(before);
      expect(await installer(node, ['--upgrade'], from('good/'))).toMatchObject({ code: 0 });
      expect([served.path, await version(node)]).toEqual(['/good/v0.7.0/orchat', 'v0.7.0']);
    } finally {
      await new Promise((done) => server.close(done));
    }
  });

  it('installs where nothing is, an older release where one is named, and none that it does not know', async () => {
    const node = makeNode(folder, 'v0.7.0');
    await uninstaller(node);
    expect(await installer(node, ['--upgrade'])).toMatchObject({ code: 1, json: { code: 'not-installed' } });
    expect(await installer(node, ['--version=v0.6.2'])).toMatchObject({ code: 0, json: { version: 'v0.6.2', from: null } });
    expect(await version(node)).toBe('v0.6.2');
    expect(await installer(node, ['--version=v0.8.0'])).toMatchObject({ code: 2 });
    expect(await installer(node, ['--upgrade', '--test-upgrade'])).toMatchObject({ code: 2 });
  });

  it('does not go back by an upgrade', async () => {
    const node = makeNode(folder, 'v0.7.0');
    expect(await installer(node, ['--upgrade', '--version=v0.6.2'])).toMatchObject({ code: 1, json: { code: 'would-downgrade' } });
    expect(await version(node)).toBe('v0.7.0');
  });

  it('puts back what was there when the new program does not answer as itself, and --force cures that', async () => {
    const node = makeNode(folder, 'v0.6.2', { pinBoot: true });
    const before = node.snapshot();
    expect(await installer(node, ['--upgrade'])).toMatchObject({ code: 1, json: { code: 'version-mismatch' } });
    expect(node.snapshot()).toEqual(before);
    expect(await installer(node, ['--upgrade', '--force'])).toMatchObject({ code: 0, json: { migrated: true } });
    expect(await version(node)).toBe('v0.7.0');
  });

  it('tells a missing permission before it fetches anything', async () => {
    const node = makeNode(folder, 'v0.6.2');
    chmodSync(node.at('.local/bin'), 0o555);
    expect(await installer(node, ['--upgrade'], { ORCHAT_MIRROR: '/nowhere' })).toMatchObject({ code: 1, json: { code: 'permission-denied' } });
    chmodSync(node.at('.local/bin'), 0o755);
  });

  it.each(['v0.3.0', 'v0.5.0', 'v0.6.2'])('tries an upgrade from %s on a copy and leaves the installation as it is', async (from) => {
    const node = makeNode(folder, from);
    const before = node.snapshot();
    const { code, json } = await installer(node, ['--test-upgrade']);
    expect(json.checks!.filter(({ ok }) => !ok)).toEqual([]);
    expect([code, json.tested, json.from, json.failed]).toEqual([0, true, from, 0]);
    expect(node.snapshot()).toEqual(before);
  });

  it('finds in the copy what would go wrong', async () => {
    const node = makeNode(folder, 'v0.6.2');
    writeFileSync(node.at('.config/orchat/settings.json'), '{');
    const { code, json } = await installer(node, ['--test-upgrade']);
    expect(code).toBe(1);
    expect(json.checks!.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(expect.arrayContaining(['migration', 'settings', 'health']));
  });
});

describe('the uninstaller', () => {
  it('removes program, settings, key and cache, and keeps history, logs, backups and what is not its own', async () => {
    const node = makeNode(folder, 'v0.7.0');
    await node.run(['backup', 'create', '--name=b']);
    mkdirSync(node.at('.config/orchat/integrations'));
    writeFileSync(node.at('.config/orchat/integrations/notify.sh'), 'echo');
    const history = node.read('.orchat_history');
    const { code, json } = await uninstaller(node);
    expect([code, json.changed]).toEqual([0, true]);
    for (const gone of ['.local/bin/orchat', '.config/orchat/settings.json', '.config/orchat/secure']) expect(existsSync(node.at(gone))).toBe(false);
    for (const kept of ['.config/orchat/integrations/notify.sh', '.config/orchat/backups/b/manifest.json', '.cache/orchat/logs/orchat.log']) expect(existsSync(node.at(kept))).toBe(true);
    expect(node.read('.orchat_history')).toBe(history);
    expect((await uninstaller(node)).json).toMatchObject({ ok: true, changed: false, removed: [] });
  });
});

describe('the validation suite', () => {
  it('passes on a sound v0.7.0 and changes nothing of it', async () => {
    const node = makeNode(folder, 'v0.7.0');
    await node.run(['metrics', '--enable']);
    const before = node.snapshot();
    const { code, json } = await suite(node);
    expect(json.problems).toEqual([]);
    expect([code, json.suite, json.total, json.passed, json.failed]).toEqual([0, 'orchat-validation', 25, 25, 0]);
    expect(node.snapshot()).toEqual(before);
  });

  it.each<[string, string, (node: OrchatNode) => void]>([
    ['installation/version', 'another release', (node) => node.install(join(built, 'v0.6.2/orchat'))],
    ['installation/digest', 'a program that was changed', (node) => writeFileSync(node.at('.local/bin/orchat'), `${node.read('.local/bin/orchat')}\n`)],
    ['security/key-mode', 'a key that is open to others', (node) => chmodSync(node.at('.config/orchat/secure/key.enc'), 0o644)],
    ['security/key-place', 'a key in its old place', (node) => copyFileSync(node.at('.config/orchat/secure/key.enc'), node.at('.config/orchat/config'))],
    ['configuration/valid', 'broken settings', (node) => writeFileSync(node.at('.config/orchat/settings.json'), '{')],
    ['features/metrics', 'metrics that are off', (node) => writeFileSync(node.at('.config/orchat/settings.json'), node.read('.config/orchat/settings.json').replace('"enabled": true,\n      "api"', '"enabled": false,\n      "api"'))],
    ['installation/health', 'no room', (node) => writeFileSync(node.at('.orchat_quota'), '10\n')],
  ])('fails in %s on %s', async (name, _, spoil) => {
    const node = makeNode(folder, 'v0.7.0');
    await node.run(['metrics', '--enable']);
    spoil(node);
    const { code, json } = await suite(node);
    expect(code).toBe(1);
    expect(json.checks!.filter(({ ok }) => !ok).map((one) => one.name)).toContain(name);
    expect(json.failed).toBe(Number(json.total) - Number(json.passed));
  });

  it('runs one group alone, as the measurement of the start', async () => {
    const node = makeNode(folder, 'v0.7.0');
    expect((await suite(node, ['--only=performance'])).json).toMatchObject({ ok: true, suite: 'orchat-validation/performance', total: 1, passed: 1 });
    expect((await suite(node, ['--quick'])).json).toMatchObject({ ok: true, suite: 'orchat-validation/quick', total: 7, passed: 7 });
    for (const wrong of [['--only=all'], ['--quick', '--only=security']]) expect(await suite(node, wrong)).toMatchObject({ code: 2 });
  });
});

describe('the way of the key to its secure place', () => {
  it('is gone by one command, which proves where it is', async () => {
    const node = makeNode(folder, 'v0.6.2');
    const key = node.at('.config/orchat/secure/key.enc');
    expect((await node.run(['--secure-key', '--json'])).json.code).toBe('not-in-release');
    const digest = sha256(node.at('.config/orchat/config'));
    node.install(join(built, 'v0.7.0/orchat'));
    expect((await node.run(['--secure-key', '--json'])).json).toMatchObject({ ok: true, mode: '600', sha256: digest, changed: true });
    expect([sha256(key), existsSync(node.at('.config/orchat/config'))]).toEqual([digest, false]);
    chmodSync(key, 0o644);
    expect((await node.run(['--secure-key', '--json'])).json).toMatchObject({ mode: '600', changed: true });
    expect(statSync(key).mode & 0o777).toBe(0o600);
    expect((await node.run(['--secure-key', '--json'])).json).toMatchObject({ changed: false });
    rmSync(key);
    expect((await node.run(['--secure-key', '--json'])).json.code).toBe('key-missing');
  });
});

it('tells the environment that ORCHAT_ENV names', async () => {
  const node = makeNode(folder, 'v0.7.0');
  expect((await node.run(['health-check', '--report', '--json'], { ORCHAT_ENV: 'green' })).json.environment).toBe('green');
  expect((await node.run(['health-check'], { ORCHAT_ENV: 'green' })).stdout).toContain('✅ healthy (v0.7.0, green)');
  await node.run(['Hello'], { ORCHAT_ENV: 'green' });
  expect(node.log().at(-1)).toMatchObject({ command: 'prompt', environment: 'green' });
});
