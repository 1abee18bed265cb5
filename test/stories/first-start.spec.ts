import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { isAlive } from '#platform';
import { projections } from '#projections';
import { Machine, killQuietly } from '../support/machine.js';
import { until } from '../support/until.js';

interface Node {
  node: string;
  product: string;
  version: string;
  state: string;
  since: string;
  health: string;
}

interface Member {
  node: string;
  state: string;
  result: string;
  reason: string | null;
}

const machine = new Machine();
let rollout: string;
afterAll(() => machine.dispose());

it('tells the story of a first start: three nodes upgraded, one failed and rolled back', async () => {
  await machine.start();
  const nodes = await machine.json<Node>('node', 'list');
  expect(nodes.map((one) => [one.node, one.version, one.state, one.health])).toEqual([
    ['node-1', 'v0.7.0', 'ready', 'healthy'], ['node-2', 'v0.7.0', 'ready', 'healthy'],
    ['node-3', 'v0.6.2', 'ready', 'healthy'], ['node-4', 'v0.7.0', 'ready', 'healthy'],
  ]);
  for (const one of nodes) expect(one).toMatchObject({ product: 'orchat', since: expect.stringMatching(/Z$/) as string });
  for (const said of ['rolling upgrade of four nodes', 'rolled-back', 'unhealthy: metrics-storage', 'The ledger verifies', 'Rollbook serves at http://127.0.0.1:', 'npx rollbook node list']) {
    expect(machine.output).toContain(said);
  }
}, 120_000);

it('has each of them on record, from the plan to the measured end', async () => {
  const [status] = await machine.json<{ rollout: string; state: string; nodes: Member[] }>('rollout', 'list').then(async ([first]) => {
    rollout = (first as { rollout: string }).rollout;
    return machine.json<{ rollout: string; state: string; nodes: Member[] }>('rollout', 'status', rollout);
  });
  expect(status!.state).toBe('partial');
  expect(Object.fromEntries(status!.nodes.map((one) => [one.node, [one.state, one.result]]))).toEqual({
    'node-1': ['upgraded', 'verified'], 'node-2': ['upgraded', 'verified'], 'node-3': ['rolled-back', 'claimed'], 'node-4': ['upgraded', 'verified'],
  });
  const history = await machine.json<{ type: string; actor: string; causation: string | null; correlation: string }>('node', 'history', 'node-3');
  const types = history.map((entry) => entry.type);
  for (const type of ['node.registered', 'backup.created', 'backup.verified', 'migration.checked', 'migration.applied', 'release.installed', 'upgrade.failed', 'rollback.started', 'backup.restored', 'rollback.verified']) {
    expect(types).toContain(type);
  }
  // What the nodes really hold: the old release and its files again, or the new ones.
  const orchat = (node: string) => readFileSync(join(machine.home, 'nodes', node, '.local/bin/orchat'));
  expect(orchat('node-3').equals(orchat('node-1'))).toBe(false);
  expect(orchat('node-2').equals(orchat('node-1'))).toBe(true);
  const settings = (node: string) => JSON.parse(readFileSync(join(machine.home, 'nodes', node, '.config/orchat/settings.json'), 'utf8')) as { schema?: number };
  expect([settings('node-3').schema, settings('node-1').schema]).toEqual([3, 4]);
});

it('names who, why and whence on every event of the rollout, without a gap back to the person', async () => {
  const { stdout } = await machine.cli('node', 'history', 'node-3', '--json');
  const entries = stdout.trim().split('\n').map((line) => JSON.parse(line) as { rollout: string | null; correlation: string; causation: string | null; actor: string });
  const ofRollout = entries.filter((entry) => entry.rollout === rollout);
  expect(ofRollout.length).toBeGreaterThan(50);
  expect(new Set(ofRollout.map((entry) => entry.correlation)).size).toBe(1);
  for (const entry of ofRollout) {
    expect(entry.actor).toMatch(/^(agent|service|person):/);
    expect(entry.causation).toMatch(/^[0-9a-f-]{36}\.\d+$/);
  }
});

it('lets its processes act as roles that own nothing', async () => {
  const logins = JSON.parse(readFileSync(join(machine.home, 'keys/database.json'), 'utf8')) as { database: string; api: { user: string; password: string } };
  const port = readFileSync(join(machine.home, 'postgres.port'), 'utf8');
  const client = new pg.Client({ connectionString: `postgres://${logins.api.user}:${logins.api.password}@127.0.0.1:${port}/${logins.database}` });
  await client.connect();
  try {
    await expect(client.query(`update ledger.event set type = 'x.y'`)).rejects.toThrow(/permission denied/);
    await expect(client.query('delete from roll.fleet')).rejects.toThrow(/permission denied/);
  } finally {
    await client.end();
  }
});

it('refuses a second start of the same home, and says which one runs', async () => {
  const second = await machine.cli('up');
  expect(second.code).toBe(1);
  expect(second.stderr).toMatch(/already-running: .* runs as process \d+ at http/);
});

it('starts a process again that was killed, and goes on', async () => {
  const before = machine.run().processes;
  for (const name of ['worker', 'agent', 'api', 'postgres']) killQuietly(before[name]!, 'SIGKILL');
  await until(() => {
    const now = machine.run().processes;
    return ['worker', 'agent', 'api', 'postgres'].every((name) => now[name] !== before[name] && isAlive(now[name]!));
  }, 30_000, () => machine.log('up'));
  await until(async () => (await machine.cli('node', 'list')).code === 0, 30_000, () => machine.log('api').slice(-1_000));
  expect(await machine.json('node', 'list')).toHaveLength(4);
}, 90_000);

it.each(['SIGINT', 'SIGTERM'] as const)('ends all that it started within 5 s on %s, and finds its data again', async (signal) => {
  const { processes } = machine.run();
  const { code, ms } = await machine.stop(signal);
  expect({ code, inTime: ms < 5_000 }).toEqual({ code: 0, inTime: true });
  await until(() => Object.values(processes).every((pid) => !isAlive(pid)), 1_000);
  expect(existsSync(join(machine.home, 'run.json'))).toBe(false);
  const from = machine.output.length;
  await machine.start();
  expect(machine.output.slice(from)).not.toContain('rolling upgrade of four nodes');
  expect(await machine.json('rollout', 'list')).toHaveLength(1);
}, 60_000);

it('leaves nothing running when it is killed itself, and a new start loses nothing', async () => {
  const size = async () => (await machine.json<{ size: number }>('ledger', 'verify'))[0]!.size;
  const before = await size();
  const { processes } = machine.run();
  killQuietly(machine.pid, 'SIGKILL');
  const services = ['api', 'worker', 'agent'].map((name) => processes[name]!);
  await until(() => services.every((pid) => !isAlive(pid)), 6_000);
  await machine.start();
  expect(machine.output).toContain('still running from before');
  expect(await size()).toBeGreaterThanOrEqual(before);
  expect(await machine.json('node', 'list')).toHaveLength(4);
}, 60_000);

it('verifies, rebuilds and applies its schema with the service down', async () => {
  await machine.stop();
  const [verified] = await machine.json<{ ok: boolean; size: number; root: string }>('ledger', 'verify');
  expect(verified).toMatchObject({ ok: true, root: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
  const rebuilt = await machine.json<{ differing: number; swapped: boolean; rows: number }>('projections', 'rebuild', '--all');
  expect(rebuilt.map((one) => [one.differing, one.swapped])).toEqual(projections.map(() => [0, true]));
  expect((await machine.cli('schema', 'apply')).stdout).toContain('Nothing to do');
}, 60_000);

it('tells the story again when asked to, on four new nodes', async () => {
  await machine.start(['--demo']);
  const nodes = await machine.json<Node>('node', 'list');
  expect(nodes.map((one) => one.version)).toEqual(['v0.7.0', 'v0.7.0', 'v0.6.2', 'v0.7.0', 'v0.7.0', 'v0.7.0', 'v0.6.2', 'v0.7.0']);
}, 120_000);
