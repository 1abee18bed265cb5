import {
  chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync, symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type OrchatNode, buildInto, makeNode, temporaryFolder } from './orchat-node.js';

const folder = temporaryFolder();
const built = join(folder, 'releases');
const shelf = '.config/orchat/backups';

beforeAll(() => buildInto(built));

const create = (node: OrchatNode, name: string) => node.run(['backup', 'create', `--name=${name}`, '--json']);
const creations = (node: OrchatNode, name: string) =>
  node.log().filter(({ command, args, outcome }) => {
    return command === 'backup create' && outcome === 'ok' && args.includes(`--name=${name}`);
  });

function flipByte(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at]! ^= 1;
  writeFileSync(path, bytes);
}

describe('a backup', () => {
  it('holds binary, settings, key and history with their digests and modes', async () => {
    const node = makeNode(folder, 'v0.7.0');
    const { json } = await create(node, 'b');
    const files = json.files as { path: string; mode: string; bytes: number }[];
    expect(files.map(({ path, mode }) => `${mode} ${path}`)).toEqual([
      '600 .config/orchat/secure/key.enc',
      '600 .config/orchat/settings.json',
      '755 .local/bin/orchat',
      '600 .orchat_history',
    ]);
    expect(json.bytes).toBe(files.reduce((sum, file) => sum + file.bytes, 0));
    // As the guide's manual rollback expects them.
    expect(readdirSync(node.at(`${shelf}/b`)).sort()).toEqual([
      'manifest.json', 'orchat', 'orchat_history', 'secure', 'settings.json',
    ]);
    const { json: shown } = await node.run(['backup', 'show', '--name=b', '--json']);
    expect(shown).toEqual(json);
  });

  it('of a name that exists is refused and the first one stays', async () => {
    const node = makeNode(folder, 'v0.6.2');
    const { json: first } = await create(node, 'b');
    const second = await create(node, 'b');
    expect([second.code, second.json.code, second.json.sha256]).toEqual([1, 'backup-exists', first.sha256]);
    expect(creations(node, 'b')).toHaveLength(1);
  });

  it('is created once by two processes at the same time', async () => {
    const node = makeNode(folder, 'v0.6.2');
    const both = await Promise.all([create(node, 'b'), create(node, 'b'), create(node, 'b')]);
    expect(both.map(({ code }) => Number(code)).sort((a, b) => a - b)).toEqual([0, 1, 1]);
    expect(creations(node, 'b')).toHaveLength(1);
    expect((await node.run(['backup', 'verify', '--name=b', '--json'])).code).toBe(0);
  });

  it('goes where --destination says', async () => {
    const node = makeNode(folder, 'v0.6.2');
    const place = ['--destination', join(folder, 'elsewhere')];
    expect((await node.run(['backup', 'create', '--name', 'b', ...place])).code).toBe(0);
    expect((await node.run(['backup', 'list', '--json'])).json.backups).toEqual([]);
    expect((await node.run(['backup', 'verify', '--name=b', ...place])).stdout).toMatch(/^✅ b: 4 files/);
    expect((await node.run(['backup', 'restore', '--latest', ...place, '--json'])).json.matches).toBe(true);
  });

  it('can be restored by name or as the latest', async () => {
    const node = makeNode(folder, 'v0.6.2');
    await create(node, 'first');
    const first = node.snapshot();
    await node.run(['One more prompt']);
    await create(node, 'second');
    const second = node.snapshot();
    await node.run(['And one more']);
    expect((await node.run(['backup', 'restore', '--latest', '--json'])).json.name).toBe('second');
    expect(node.snapshot()).toEqual(second);
    await node.run(['backup', 'restore', '--name=first']);
    expect(node.snapshot()).toEqual(first);
  });

  it.each(['../up', '.hidden', 'a b', '', 'x'.repeat(101)])('cannot be called %j', async (name) => {
    const node = makeNode(folder, 'v0.6.2');
    expect((await create(node, name)).code).toBe(2);
  });

  it('follows a link to the settings', async () => {
    const node = makeNode(folder, 'v0.6.2');
    const path = '.config/orchat/settings.json';
    renameSync(node.at(path), node.at('dotfiles.json'));
    symlinkSync(node.at('dotfiles.json'), node.at(path));
    expect((await create(node, 'b')).json.files).toContainEqual(expect.objectContaining({ path }));
  });
});

describe('a damaged backup', () => {
  const copies = ['orchat', 'settings.json', 'orchat_history', 'config'];

  it.each(copies)('with a flipped byte in %s is found', async (name) => {
    const node = makeNode(folder, 'v0.6.2');
    const { json: created } = await create(node, 'b');
    flipByte(node.at(`${shelf}/b/${name}`), 10);
    const { code, json } = await node.run(['backup', 'verify', '--name=b', '--json']);
    expect([code, json.code, json.status]).toEqual([1, 'backup-damaged', 'damaged']);
    expect(json.sha256).not.toBe(created.sha256);
    const before = node.snapshot();
    expect((await node.run(['backup', 'restore', '--name=b', '--json'])).json.code).toBe('backup-damaged');
    expect(node.snapshot()).toEqual(before);
  });

  it('with another manifest is found, also one that points out of the home', async () => {
    const node = makeNode(folder, 'v0.6.2');
    await create(node, 'b');
    const manifest = node.at(`${shelf}/b/manifest.json`);
    const text = readFileSync(manifest, 'utf8');
    writeFileSync(manifest, text.replace('"mode": "600"', '"mode": "666"'));
    expect((await node.run(['backup', 'show', '--name=b', '--json'])).json.code).toBe('backup-damaged');
    writeFileSync(manifest, text.replace('.orchat_history', '../escaped'));
    expect((await node.run(['backup', 'restore', '--name=b', '--json'])).json.code).toBe('backup-damaged');
    expect((await node.run(['backup', 'restore', '--latest', '--json'])).json.code).toBe('backup-not-found');
    expect((await node.run(['health-check', '--full', '--json'])).json.health).toBe('degraded');
  });
});

describe('a backup that is killed on the way', () => {
  it('is never seen half, and the next attempt makes it whole', async () => {
    const node = makeNode(folder, 'v0.6.2');
    writeFileSync(node.at('.orchat_history'), `{"history":2}\n${'x'.repeat(64 * 1024 * 1024)}`);
    const process = node.start(['backup', 'create', '--name=b']);
    while (!drafts(node).length) await new Promise((done) => setTimeout(done, 2));
    process.kill('SIGKILL');
    await new Promise((done) => process.on('close', done));
    expect(drafts(node)).toHaveLength(1);
    expect(existsSync(node.at(`${shelf}/b`))).toBe(false);
    expect((await node.run(['backup', 'show', '--name=b', '--json'])).json.status).toBe('missing');
    expect((await node.run(['backup', 'list', '--json'])).json.backups).toEqual([]);

    writeFileSync(node.at('.orchat_history'), '{"history":2}\n');
    expect((await create(node, 'b')).code).toBe(0);
    expect(drafts(node)).toEqual([]);
    expect((await node.run(['backup', 'verify', '--name=b', '--json'])).json.status).toBe('complete');
  });
});

function drafts(node: OrchatNode): string[] {
  return existsSync(node.at(shelf)) ? readdirSync(node.at(shelf)).filter((name) => name.startsWith('.')) : [];
}

describe('a restore', () => {
  it('gives modes back and leaves what is not orchat\'s alone', async () => {
    const node = makeNode(folder, 'v0.6.2');
    await create(node, 'b');
    mkdirSync(node.at('.config/orchat/integrations'));
    writeFileSync(node.at('.config/orchat/integrations/notify.sh'), 'echo');
    writeFileSync(node.at('.config/orchat/settings.json.old'), 'mine');
    writeFileSync(node.at('.config/orchat/settings.schema3.json'), 'left by an upgrade');
    chmodSync(node.at('.config/orchat/config'), 0o644);
    const { json } = await node.run(['backup', 'restore', '--name=b', '--json']);
    expect(json).toMatchObject({
      matches: true, replaced: ['.config/orchat/config'], removed: ['.config/orchat/settings.schema3.json'],
    });
    expect(statSync(node.at('.config/orchat/config')).mode & 0o777).toBe(0o600);
    expect(node.read('.config/orchat/settings.json.old')).toBe('mine');
    expect(existsSync(node.at('.config/orchat/integrations/notify.sh'))).toBe(true);
  });
});
