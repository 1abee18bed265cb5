import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OrchatNode, buildInto, makeNode, temporaryFolder } from './orchat-node.js';

const folder = temporaryFolder();
const built = join(folder, 'releases');
const path = '.config/orchat/settings.json';
// Numbers that parsing would round, an escape that rewriting would undo, and spacing of the person's own.
const own = [
  '"owner": "caf\\u00e9 \\/ team"',
  '"limits": { "exact": 12345678901234567890.10,   "list": [1,2 , 3] }',
  '"1.0": 1.0',
];

beforeAll(() => buildInto(built));

function addOwn(node: OrchatNode): void {
  writeFileSync(node.at(path), node.read(path).replace('{', `{ ${own.join(', ')},`));
}

function change(node: OrchatNode, from: string, to: string): void {
  const text = node.read(path);
  if (!text.includes(from)) throw new Error(`${from} is not in the settings`);
  writeFileSync(node.at(path), text.replace(from, to));
}

const install = (node: OrchatNode, version: string) => node.install(join(built, version, 'orchat'));
const parsed = (node: OrchatNode) => JSON.parse(node.read(path)) as Record<string, Record<string, unknown>>;

describe('settings from v0.6 to v0.7', () => {
  it('are converted by the first start that changes something, and not by one that looks', async () => {
    const node = makeNode(folder, 'v0.6.2');
    install(node, 'v0.7.0');
    const before = node.snapshot();
    const looks = [['--validate-config'], ['health-check'], ['--check-migration'], ['metrics', '--status']];
    for (const args of looks) {
      expect((await node.run(args)).code).toBe(0);
    }
    expect(node.snapshot()).toEqual(before);
    expect((await node.run(['Hello', '--json'])).code).toBe(0);
    expect(parsed(node).schema).toBe(4);
    expect(node.read('.config/orchat/settings.schema3.json')).toContain('"schema": 3');
  });

  it('keep what was set, in the units of the new schema', async () => {
    const node = makeNode(folder, 'v0.6.2');
    change(node, '"timeoutSeconds": 60', '"timeoutSeconds": 95');
    change(node, '"labels": {}', '"labels": { "site": "north" }');
    install(node, 'v0.7.0');
    await node.run(['--migrate-config', '--from=v0.6', '--to=v0.7']);
    expect(parsed(node).provider).toMatchObject({ timeoutMs: 95_000 });
    expect(parsed(node).observability!.metrics).toMatchObject({ api: 2, labels: { site: 'north' } });
  });

  it('and back carry own settings byte for byte', async () => {
    const node = makeNode(folder, 'v0.6.2');
    addOwn(node);
    const before = parsed(node);
    install(node, 'v0.7.0');
    expect((await node.run(['--migrate-config', '--from=v0.6.2', '--to=v0.7.0', '--json'])).code).toBe(0);
    for (const member of own) expect(node.read(path)).toContain(member);
    expect((await node.run(['metrics', '--enable', '--json'])).json.changed).toBe(true);
    for (const member of own) expect(node.read(path)).toContain(member);
    install(node, 'v0.6.2');
    const back = await node.run(['--migrate-config', '--to=v0.6.2', '--json']);
    expect(back.json).toMatchObject({ ok: true, fromSchema: 4, toSchema: 3, changed: true });
    for (const member of own) expect(node.read(path)).toContain(member);
    expect({ ...parsed(node), metrics: { ...parsed(node).metrics, enabled: false } }).toEqual(before);
    expect(existsSync(node.at('.config/orchat/config'))).toBe(true);
    expect((await node.run(['health-check', '--json'])).json.health).toBe('healthy');
  });

  it('need a person where metrics, path or scripts are not the usual ones', async () => {
    const node = makeNode(folder, 'v0.6.2');
    change(node, '/metrics/v2', 'https://collector.example/in');
    const usual = await node.run(['--check-migration', '--to=v0.7.0', '--json']);
    expect(usual.json).toMatchObject({ ok: true, needed: true, fromSchema: 3, toSchema: 4 });
    expect(usual.json.manual).toEqual([
      'custom metrics configuration: metrics.endpoint is https://collector.example/in',
    ]);
  });
});

describe('the way back from v0.7 to v0.6', () => {
  it.each([
    ['"stop": []', '"stop": ["END"]', 'generation.stop: would be lost'],
    ['"timeoutMs": 60000', '"timeoutMs": 1500', 'provider.timeoutMs: 1500 cannot be kept'],
    ['{', '{ "metrics": "mine",', 'metrics: is a setting of your own'],
  ])('is refused with %s set to %s', async (from, to, reason) => {
    const node = makeNode(folder, 'v0.7.0');
    change(node, from, to);
    const before = node.snapshot();
    const { code, json, stderr } = await node.run(['--migrate-config', '--to=v0.6.2', '--json']);
    expect([code, json.code]).toEqual([1, 'would-lose-settings']);
    expect(stderr).toContain(reason);
    expect(node.snapshot()).toEqual(before);
  });

  it('is closed to v0.6.0, which does not know the schema', async () => {
    const node = makeNode(folder, 'v0.7.0');
    install(node, 'v0.6.0');
    const { json } = await node.run(['--migrate-config', '--to=v0.6.0', '--json']);
    expect(json).toMatchObject({ ok: false, code: 'unknown-settings' });
  });
});

describe('older settings', () => {
  it('of v0.5 are converted for v0.7 only when their origin is named', async () => {
    const node = makeNode(folder, 'v0.5.0');
    install(node, 'v0.7.0');
    expect((await node.run(['--validate-config', '--json'])).json.valid).toBe(false);
    expect((await node.run(['Hello', '--json'])).json.code).toBe('settings-invalid');
    expect((await node.run(['--migrate-config', '--to=v0.7', '--json'])).json.code).toBe('origin-needed');
    const wrong = await node.run(['--migrate-config', '--from=v0.6', '--to=v0.7', '--json']);
    expect(wrong.json.code).toBe('other-settings');
    const check = await node.run(['--check-migration', '--json']);
    expect(check.json.manual).toEqual(['settings of v0.5: run --migrate-config --from=v0.5 --to=v0.7.0']);
    const done = await node.run(['--migrate-config', '--from=v0.5', '--to=v0.7', '--json']);
    expect(done.json).toMatchObject({ ok: true, fromSchema: 3, toSchema: 4 });
    expect((await node.run(['health-check', '--post-upgrade', '--json'])).json.health).toBe('healthy');
  });

  it('of v0.5 are completed by v0.6 by itself', async () => {
    const node = makeNode(folder, 'v0.5.0');
    install(node, 'v0.6.2');
    expect((await node.run(['Hello', '--json'])).code).toBe(0);
    expect(parsed(node).metrics).toMatchObject({ enabled: false, api: 2 });
  });

  it('of v0.4 ask for a fresh install of v0.7', async () => {
    const node = makeNode(folder, 'v0.4.0');
    install(node, 'v0.7.0');
    const { json } = await node.run(['--migrate-config', '--from=v0.4', '--to=v0.7', '--json']);
    expect(json).toMatchObject({ ok: false, code: 'fresh-install' });
    expect((await node.run(['--setup', '--json'])).json.changed).toBe(true);
    expect(node.read('.config/orchat/settings.unusable.json')).toContain('"schema": 2');
    expect((await node.run(['health-check', '--full', '--json'])).json.health).toBe('healthy');
  });

  it('of v0.4 are converted by v0.5 on request', async () => {
    const node = makeNode(folder, 'v0.4.0');
    install(node, 'v0.5.0');
    const { json } = await node.run(['--migrate-config', '--from=v0.4.0', '--to=v0.5.0', '--json']);
    expect(json).toMatchObject({ ok: true, fromSchema: 2, toSchema: 3 });
    expect((await node.run(['Test workspace functionality', '--json'])).json.ok).toBe(true);
  });
});

describe('a history of v0.3', () => {
  it('is converted by v0.4 with its first entry, and the old file stays beside it', async () => {
    const node = makeNode(folder, 'v0.3.0', { historyLines: 5 });
    const old = node.read('.orchat_history');
    expect(old.split('\n')[0]).toBe('Summarise the minutes (1)');
    install(node, 'v0.4.0');
    expect((await node.run(['Test history functionality', '--json'])).json.ok).toBe(true);
    const text = node.read('.orchat_history').trimEnd();
    const lines = text.split('\n').map((line) => JSON.parse(line) as object);
    expect(lines).toHaveLength(1 + 5 + 1);
    expect(lines[0]).toEqual({ history: 2 });
    expect(lines[1]).toEqual({ at: null, prompt: 'Summarise the minutes (1)', answer: null });
    expect(lines[6]).toMatchObject({ prompt: 'Test history functionality' });
    expect(node.read('.orchat_history.format1')).toBe(old);
  });

  it('comes back with a restore, and the converted one goes', async () => {
    const node = makeNode(folder, 'v0.3.0');
    const before = node.snapshot();
    await node.run(['backup', 'create', '--name=b']);
    install(node, 'v0.4.0');
    await node.run(['Hello']);
    const { json } = await node.run(['backup', 'restore', '--latest', '--json']);
    expect(json).toMatchObject({ matches: true, removed: ['.orchat_history.format1'] });
    expect(node.snapshot()).toEqual(before);
  });

  it('of a newer release makes v0.3 unhealthy and refuse to write', async () => {
    const node = makeNode(folder, 'v0.4.0');
    install(node, 'v0.3.0');
    expect((await node.run(['health-check', '--full', '--json'])).json.health).toBe('unhealthy');
    expect((await node.run(['Hello', '--json'])).json.code).toBe('history-too-new');
  });
});
