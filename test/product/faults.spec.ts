import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OrchatNode, buildInto, makeNode, temporaryFolder } from './orchat-node.js';

const folder = temporaryFolder();
const built = join(folder, 'releases');
const settings = '.config/orchat/settings.json';

beforeAll(() => buildInto(built));

const wait = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

describe('broken settings', () => {
  it.each([
    ['{ "schema": 3, ', 'not valid JSON'],
    ['[]', 'must be a JSON object'],
    ['{ "schema": 99 }', 'schema: 99 is unknown'],
    ['{ "schema": 2 }', 'endpoint: is missing'],
  ])('%s fails validation and health', async (text, problem) => {
    const node = makeNode(folder, 'v0.6.2');
    writeFileSync(node.at(settings), text);
    const validation = await node.run(['--validate-config', '--json']);
    expect([validation.code, validation.json.valid]).toEqual([1, false]);
    expect(JSON.stringify(validation.json.problems)).toContain(problem);
    const health = await node.run(['health-check', '--json']);
    expect([health.code, health.json.health]).toEqual([1, 'unhealthy']);
  });

  it('are told by field, in one line that says what to do', async () => {
    const node = makeNode(folder, 'v0.6.2');
    writeFileSync(node.at(settings), node.read(settings).replace('0.7', '"warm"'));
    const { code, stderr } = await node.run(['Test basic functionality']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^orchat: [^\n]+\n$/);
    expect(stderr).toContain('orchat/settings.json: generation.temperature: "warm" is not a number');
    expect(stderr).toContain('orchat --migrate-config');
  });

  it('of a newer release make an older one unhealthy', async () => {
    const node = makeNode(folder, 'v0.7.0');
    node.install(join(built, 'v0.6.2/orchat'));
    const { json } = await node.run(['health-check', '--json']);
    expect(json.health).toBe('unhealthy');
    const message = 'the file has schema 4, v0.6.2 works with schema 3 with metrics';
    expect(JSON.stringify(json.checks)).toContain(message);
  });
});

describe('a full quota', () => {
  it('refuses every write, and looking still works', async () => {
    const node = makeNode(folder, 'v0.6.2', { quotaLeft: 10 });
    const backup = await node.run(['backup', 'create', '--name=b', '--json']);
    expect([backup.code, backup.json.code]).toEqual([1, 'quota-exceeded']);
    expect((await node.run(['Remember this', '--json'])).json.code).toBe('quota-exceeded');
    expect((await node.run(['backup', 'list', '--json'])).json.backups).toEqual([]);
    expect((await node.run(['health-check', '--json'])).json.health).toBe('healthy');
    expect((await node.run(['health-check', '--full', '--json'])).json.health).toBe('unhealthy');
    const { json } = await node.run(['system-check', '--json']);
    expect(json).toMatchObject({ ok: false, quotaLeftBytes: 10 });
  });

  it('is lifted by room, not by a restart', async () => {
    const node = makeNode(folder, 'v0.6.2', { quotaLeft: 10 });
    rmSync(node.at('.orchat_quota'));
    expect((await node.run(['backup', 'create', '--name=b', '--json'])).code).toBe(0);
  });
});

describe('a missing permission', () => {
  it.each([
    ['.config/orchat', ['backup', 'create', '--name=b', '--json']],
    ['.config/orchat/settings.json', ['metrics', '--enable', '--json']],
    ['.orchat_history', ['Remember this', '--json']],
    ['.cache/orchat', ['backup', 'list', '--json']],
  ])('on %s is found by the checks and refuses what would write there', async (path, args) => {
    const node = makeNode(folder, 'v0.6.2');
    chmodSync(node.at(path), path.endsWith('orchat') ? 0o500 : 0o400);
    const refused = await node.run(args);
    expect([refused.code, refused.json.code]).toEqual([1, 'permission-denied']);
    expect((await node.run(['health-check', '--json'])).json.health).toBe('unhealthy');
    const system = await node.run(['system-check', '--json']);
    expect(JSON.stringify(system.json.checks)).toContain(`no write permission: ~/${path}`);
    chmodSync(node.at(path), 0o700);
  });

  it('on ~/.local/bin is found before an install would meet it', async () => {
    const node = makeNode(folder, 'v0.6.2');
    chmodSync(node.at('.local/bin'), 0o555);
    expect((await node.run(['system-check', '--json'])).json.ok).toBe(false);
  });

  it('stops a restore before anything is touched', async () => {
    const node = makeNode(folder, 'v0.6.2');
    await node.run(['backup', 'create', '--name=b']);
    writeFileSync(node.at('.orchat_history'), 'changed');
    const before = node.snapshot();
    chmodSync(node.at('.local/bin'), 0o555);
    expect((await node.run(['backup', 'restore', '--name=b', '--json'])).json.code).toBe('permission-denied');
    expect(node.snapshot()).toEqual(before);
  });
});

describe('a lock', () => {
  const lock = '.cache/orchat/lock';

  it.each([[['health-check', '--json']], [['backup', 'create', '--name=b', '--json']]])(
    'of a live process makes %j wait until it goes',
    async (args) => {
      const node = makeNode(folder, 'v0.6.2');
      writeFileSync(node.at(lock), `${process.pid}\n`);
      const running = node.run(args);
      expect(await Promise.race([running, wait(600).then(() => 'waiting')])).toBe('waiting');
      expect((await node.run(['--version'])).stdout).toBe('v0.6.2\n');
      rmSync(node.at(lock));
      const { code, stderr } = await running;
      expect(code).toBe(0);
      expect(stderr).toBe(`orchat: waiting for process ${process.pid}, which holds ~/.cache/orchat/lock\n`);
    },
  );

  it('of a dead process is taken over, and what that left half done is removed', async () => {
    const node = makeNode(folder, 'v0.6.2');
    const dead = node.start(['--version']);
    await new Promise((done) => dead.on('close', done));
    const draft = node.at(`.config/orchat/.settings.json.${dead.pid}.draft`);
    for (const path of [node.at(lock), draft]) writeFileSync(path, `${dead.pid}\n`);
    expect((await node.run(['health-check', '--json'])).code).toBe(0);
    expect([existsSync(node.at(lock)), existsSync(draft)]).toEqual([false, false]);
  });
});

describe('a pinned boot cache', () => {
  function upgraded(): OrchatNode {
    const node = makeNode(folder, 'v0.6.2', { pinBoot: true });
    node.install(join(built, 'v0.7.0/orchat'));
    return node;
  }

  it('goes on as the old release although the new one is installed', async () => {
    const node = upgraded();
    expect((await node.run(['--version'])).stdout).toBe('v0.6.2\n');
    const { json, code } = await node.run(['health-check', '--json']);
    expect([code, json.version, json.health]).toEqual([0, 'v0.6.2', 'healthy']);
    expect((await node.run(['Test metrics functionality', '--json'])).code).toBe(1);
  });

  it('is cured by removing the cache', async () => {
    const node = upgraded();
    rmSync(node.at('.cache/orchat'), { recursive: true });
    expect((await node.run(['--version'])).stdout).toBe('v0.7.0\n');
  });

  it('is cleared by a restore', async () => {
    const node = makeNode(folder, 'v0.6.2', { pinBoot: true });
    await node.run(['backup', 'create', '--name=b']);
    node.install(join(built, 'v0.7.0/orchat'));
    expect((await node.run(['backup', 'restore', '--latest', '--json'])).json.matches).toBe(true);
    expect(existsSync(node.at('.cache/orchat/boot.json'))).toBe(false);
    node.install(join(built, 'v0.7.0/orchat'));
    expect((await node.run(['--version'])).stdout).toBe('v0.7.0\n');
  });

  it('that leads to itself, to nothing or is not pinned is passed over', async () => {
    const node = makeNode(folder, 'v0.7.0');
    const pin = (content: unknown) => {
      writeFileSync(node.at('.cache/orchat/boot.json'), JSON.stringify(content));
    };
    const old = join(built, 'v0.6.2/orchat');
    for (const content of [
      { release: 'v0.7.0', file: node.at('.local/bin/orchat'), pinned: true },
      { release: 'v0.6.2', file: '/nowhere/orchat', pinned: true },
      { release: 'v0.6.2', file: old, pinned: false },
      'no pin',
      null,
    ]) {
      pin(content);
      expect((await node.run(['--version'])).stdout).toBe('v0.7.0\n');
    }
    pin({ release: 'v0.6.2', file: old, pinned: true });
    expect((await node.run(['--version'])).stdout).toBe('v0.6.2\n');
  });
});
