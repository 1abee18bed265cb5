import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OrchatNode, buildInto, makeNode, sha256, temporaryFolder } from './orchat-node.js';

const folder = temporaryFolder();
const built = join(folder, 'releases');

beforeAll(() => buildInto(built));

const archive = (node: OrchatNode, ...args: string[]) => node.run(['backup', 'create', '--archive', '--name=a', '--json', ...args]);
const restore = (node: OrchatNode, ...args: string[]) => node.run(['backup', 'restore', '--archive', '--name=a', '--json', ...args]);
const clear = (node: OrchatNode) => {
  for (const path of ['.config/orchat', '.cache/orchat', '.orchat_history']) rmSync(node.at(path), { recursive: true });
};

describe('an archive', () => {
  it.each(['v0.3.0', 'v0.4.0', 'v0.7.0'])('of everything of %s brings all of it back, byte for byte, and removes what came after', async (version) => {
    const node = makeNode(folder, version);
    mkdirSync(node.at('.config/orchat/integrations'));
    writeFileSync(node.at('.config/orchat/integrations/notify "me".sh'), 'echo');
    const before = node.snapshot();
    const { code, json } = await archive(node);
    expect([code, json.status, json.name]).toEqual([0, 'complete', 'a']);
    const read = await node.run(['backup', 'verify', '--archive', '--name=a', '--json']);
    expect(read.json).toMatchObject({ ok: true, sha256: json.sha256, problems: [] });
    rmSync(node.at('.config/orchat'), { recursive: true });
    node.install(join(built, 'v0.7.0/orchat'));
    await node.run(['--setup'], { ORCHAT_API_KEY: 'another' });
    await node.run(['Hello']);
    const back = await restore(node);
    expect([back.code, back.json.matches, back.json.sha256]).toEqual([0, true, json.sha256]);
    const after = node.snapshot();
    expect(Object.keys(after).filter((path) => !path.endsWith('.tar.gz')).sort()).toEqual(Object.keys(before).sort());
    expect(after).toMatchObject(before);
  });

  it('lies where an uninstall does not reach, and gives the history alone, or the key alone', async () => {
    const node = makeNode(folder, 'v0.4.0');
    const [history, key] = [node.read('.orchat_history'), node.read('.config/orchat/config')];
    await archive(node);
    clear(node);
    expect((await restore(node, '--only=history')).json).toMatchObject({ matches: true, replaced: ['.orchat_history'], removed: [] });
    expect(node.read('.orchat_history')).toBe(history);
    expect(existsSync(node.at('.config/orchat'))).toBe(false);
    expect((await restore(node, '--only=key')).json).toMatchObject({ matches: true, replaced: ['.config/orchat/config'] });
    expect(node.read('.config/orchat/config')).toBe(key);
    expect(statSync(node.at('.config/orchat/config')).mode & 0o777).toBe(0o600);
  });

  it('of data holds history and logs, and no setting and no key', async () => {
    const node = makeNode(folder, 'v0.6.2');
    const { json } = await archive(node, '--data');
    expect((json.files as { path: string }[]).map(({ path }) => path)).toEqual(['.cache/orchat/logs/orchat.log', '.orchat_history']);
    clear(node);
    expect((await restore(node)).json.matches).toBe(true);
    expect(existsSync(node.at('.config/orchat/settings.json'))).toBe(false);
  });

  it('of a name that exists is refused and the first one stays', async () => {
    const node = makeNode(folder, 'v0.6.2');
    await archive(node);
    const first = sha256(node.at('orchat-a.tar.gz'));
    expect((await archive(node)).json.code).toBe('backup-exists');
    expect(sha256(node.at('orchat-a.tar.gz'))).toBe(first);
  });

  it('that is cut off, or is no archive, is found and not restored', async () => {
    const node = makeNode(folder, 'v0.6.2');
    await archive(node);
    const whole = readFileSync(node.at('orchat-a.tar.gz'));
    const before = node.snapshot();
    for (const bytes of [whole.subarray(0, whole.length - 100), Buffer.from('no archive'), Buffer.alloc(0)]) {
      writeFileSync(node.at('orchat-a.tar.gz'), bytes);
      for (const ran of [await node.run(['backup', 'verify', '--archive', '--name=a', '--json']), await restore(node)]) {
        expect([ran.code, ran.json.code, ran.json.status]).toEqual([1, 'backup-damaged', 'damaged']);
      }
    }
    expect({ ...node.snapshot(), 'orchat-a.tar.gz': '' }).toEqual({ ...before, 'orchat-a.tar.gz': '' });
    expect((await node.run(['backup', 'verify', '--archive', '--name=b', '--json'])).json.code).toBe('backup-not-found');
  });

  it('goes round no circle of links', async () => {
    const node = makeNode(folder, 'v0.6.2');
    symlinkSync(node.at('.config'), node.at('.config/orchat/round'));
    const { code, json } = await archive(node);
    expect([code, (json.files as object[]).length]).toEqual([0, 5]);
  });

  it.each([
    [['backup', 'create', '--name=a', '--data'], '--data goes with --archive'],
    [['backup', 'restore', '--name=a', '--only=key'], '--only goes with --archive'],
    [['backup', 'restore', '--archive', '--name=a', '--only=all'], 'known are everything, data, history, key'],
    [['backup', 'restore', '--archive', '--latest'], 'restored by --name'],
  ])('%j is misuse', async (args, message) => {
    const node = makeNode(folder, 'v0.6.2');
    const { code, stderr } = await node.run(args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe('an old history in a fresh v0.7.0', () => {
  it.each(['v0.3.0', 'v0.4.0'])('of %s comes back byte for byte, and the next prompt goes on with it', async (version) => {
    const node = makeNode(folder, version, { historyLines: 4 });
    const old = node.read('.orchat_history');
    await archive(node);
    clear(node);
    node.install(join(built, 'v0.7.0/orchat'));
    await restore(node, '--only=history');
    expect(node.read('.orchat_history')).toBe(old);
    await restore(node, '--only=key');
    await node.run(['--setup']);
    expect((await node.run(['Test history functionality', '--json'])).json.ok).toBe(true);
    const entries = node.read('.orchat_history').trimEnd().split('\n').map((line) => JSON.parse(line) as { prompt?: string });
    expect(entries.slice(1, 5).map(({ prompt }) => prompt)).toEqual([
      'Summarise the minutes (1)', 'Draft a reply (2)', 'Explain this error (3)', 'Translate the notice (4)',
    ]);
    if (version === 'v0.3.0') expect(node.read('.orchat_history.format1')).toBe(old);
    expect(node.read('.config/orchat/secure/key.enc')).toContain('sandbox-key');
    expect((await node.run(['health-check', '--full', '--json'])).json.health).toBe('healthy');
  });
});
