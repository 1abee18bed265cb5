import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildInto, makeNode, temporaryFolder } from './orchat-node.js';

const folder = temporaryFolder();
const built = join(folder, 'releases');

beforeAll(() => buildInto(built));

describe('the command line', () => {
  it.each([
    [[], 'no command and no prompt'],
    [['backup'], 'backup needs one of: create, show, verify, list, restore'],
    [['backup', 'create'], 'backup create needs --name=NAME'],
    [['backup', 'create', '--name'], '--name needs a value'],
    [['backup', 'restore'], 'needs --latest or --name'],
    [['health-check', '--deep'], 'health-check has no option --deep'],
    [['health-check', '--full', '--report'], 'exclude each other'],
    [['health-check', 'now'], 'does not understand "now"'],
    [['--validate-config', '--setup'], 'exclude each other'],
    [['--migrate-config'], '--migrate-config needs --to=VERSION'],
    [['--migrate-config', '--to=v9'], '--to v9 is unknown; known are v0.3.0'],
    [['metrics'], 'metrics needs --enable or --status'],
  ])('%j is misuse, told in one line', async (args, message) => {
    const node = makeNode(folder, 'v0.6.2');
    const { code, stdout, stderr } = await node.run(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^orchat: [^\n]+ See orchat --help\.\n$/);
    const asJson = await node.run([...args, '--json']);
    expect(asJson).toMatchObject({ code: 2, json: { ok: false, code: 'usage' } });
  });

  it('explains itself and its exit codes', async () => {
    const node = makeNode(folder, 'v0.6.2');
    for (const args of [['--help'], ['-h'], ['backup', '--help']]) {
      const { code, stdout } = await node.run(args);
      expect(code).toBe(0);
      expect(stdout).toContain('Exit codes');
    }
  });

  it('answers every command with one JSON object when asked', async () => {
    const node = makeNode(folder, 'v0.7.0');
    await node.run(['backup', 'create', '--name=b']);
    for (const args of [
      ['--version'], ['--help'], ['health-check'], ['health-check', '--report'], ['system-check'],
      ['--setup'], ['backup', 'list'], ['--check-migration'], ['metrics', '--status'],
      ['workspace', 'analyze'],      ['Test streaming functionality'], ['backup', 'show', '--name=none'],
    ]) {
      expect((await node.run([...args, '--json'])).json).toHaveProperty('ok');
    }
  });

  it('ends a health check in a mark, and bears no other mark', async () => {
    const node = makeNode(folder, 'v0.6.2');
    expect((await node.run(['health-check', '--full'])).stdout).toMatch(/^[^✅❌]*\n✅ healthy \(v0.6.2\)\n$/);
    writeFileSync(node.at('.config/orchat/settings.json'), '');
    expect((await node.run(['health-check', '--full'])).stdout).toMatch(/^[^✅❌]*\n❌ unhealthy \(v0.6.2\)\n$/);
  });

  it('starts about as quickly as Node itself', () => {
    const node = makeNode(folder, 'v0.7.0');
    const time = (args: string[]) => {
      const start = performance.now();
      spawnSync(process.execPath, args, { env: node.env });
      return performance.now() - start;
    };
    let [bare, orchat] = [Infinity, Infinity];
    // By turns, so that other work on the machine slows both.
    for (let round = 0; round < 8; round++) {
      bare = Math.min(bare, time(['-e', '0']));
      orchat = Math.min(orchat, time([node.at('.local/bin/orchat'), '--version']));
    }
    expect(orchat).toBeLessThan(bare * 1.5 + 20);
  });
});

describe('the features', () => {
  it.each([
    ['v0.3.0', ['basic', 'history']],
    ['v0.4.0', ['basic', 'streaming', 'history']],
    ['v0.5.0', ['basic', 'streaming', 'history', 'workspace']],
    ['v0.6.2', ['basic', 'streaming', 'history', 'workspace', 'metrics']],
    ['v0.7.0', ['basic', 'streaming', 'history', 'workspace', 'metrics']],
  ])('of %s are %j', async (version, features) => {
    const node = makeNode(folder, version);
    if (features.includes('metrics')) await node.run(['metrics', '--enable']);
    for (const feature of ['basic', 'streaming', 'history', 'workspace', 'metrics']) {
      const { code, json } = await node.run([`Test ${feature} functionality`, '--json']);
      const wanted = features.includes(feature);
      expect([feature, code, json.ok, json.feature]).toEqual([feature, wanted ? 0 : 1, wanted, feature]);
    }
  });

  it('answer the same prompt alike, and remember it', async () => {
    const node = makeNode(folder, 'v0.6.2');
    const prompt = ['Generate test document'];
    const [first, second] = [await node.run(prompt), await node.run(prompt)];
    expect(first.stdout).toBe('orchat-base read 3 words: Generate test document\n');
    expect(second.stdout).toBe(first.stdout);
    expect(node.read('.orchat_history').match(/"prompt":"Generate test document"/g)).toHaveLength(2);
  });

  it('stream the answer that they would give at once', async () => {
    const node = makeNode(folder, 'v0.6.2');
    const { stdout } = await node.run(['Test streaming functionality']);
    expect(stdout).toBe('orchat-base read 3 words: Test streaming functionality\n');
  });

  it('say how to switch metrics on', async () => {
    const node = makeNode(folder, 'v0.6.2');
    const { code, stderr } = await node.run(['Test metrics functionality']);
    expect([code, stderr]).toEqual([1, 'orchat: metrics are switched off. Run orchat metrics --enable.\n']);
  });

  it('write metrics in the way of their release', async () => {
    for (const [version, file] of [['v0.6.2', 'metrics.jsonl'], ['v0.7.0', 'journal.bin']] as const) {
      const node = makeNode(folder, version);
      await node.run(['metrics', '--enable']);
      await node.run(['Test metrics functionality']);
      await node.run(['Test metrics functionality']);
      const { json } = await node.run(['metrics', '--status', '--json']);
      expect(json).toMatchObject({ enabled: true, records: 2 });
      expect(readFileSync(node.at(`.cache/orchat/metrics/${file}`), 'utf8')).toContain('"name":"prompts"');
    }
  });

  it('analyse the folder that one is in', async () => {
    const node = makeNode(folder, 'v0.6.2');
    mkdirSync(node.at('node_modules'));
    writeFileSync(node.at('node_modules/ignored.js'), '');
    writeFileSync(node.at('notes.md'), '# Notes');
    const { json } = await node.run(['workspace', 'analyze', '--json']);
    expect(json.byExtension).toMatchObject({ '.md': 1, '.json': 1 });
    expect(json.byExtension).not.toHaveProperty('.js');
  });
});

describe('the environment', () => {
  it('ORCHAT_CONFIG is used, and a start does not convert it', async () => {
    const node = makeNode(folder, 'v0.5.0');
    const copy = node.at('copy.json');
    writeFileSync(copy, node.read('.config/orchat/settings.json').replace('orchat-base', 'orchat-large'));
    const before = readFileSync(copy, 'utf8');
    node.install(join(built, 'v0.7.0/orchat'));
    const { stdout } = await node.run(['test'], { ORCHAT_CONFIG: copy });
    expect(stdout).toBe('orchat-large read 1 word: test\n');
    expect(readFileSync(copy, 'utf8')).toBe(before);
  });

  it('ORCHAT_TEST_MODE leaves history and metrics as they are', async () => {
    const node = makeNode(folder, 'v0.7.0');
    await node.run(['metrics', '--enable']);
    const before = node.snapshot();
    for (const feature of ['history', 'metrics']) {
      const { json } = await node.run([`Test ${feature} functionality`, '--json'], { ORCHAT_TEST_MODE: '1' });
      expect(json.ok).toBe(true);
    }
    expect(node.snapshot()).toEqual(before);
    expect(existsSync(node.at('.cache/orchat/metrics'))).toBe(false);
  });
});
