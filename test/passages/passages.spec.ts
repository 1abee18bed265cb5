import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DecideReview, StartProcedure, decode } from '#commands';
import type { DomainEvent } from '#domain';
import { PostgresBlobs } from '#ledger';
import type { ServedNode } from '../../apps/agent/src/nodes.js';
import { Rig } from '../support/rig.js';
import { until } from '../support/until.js';
import { makeHome, makeKettle } from './kettle.js';

type Row = { [column: string]: unknown };
type DataOf<T extends DomainEvent['type']> = Extract<DomainEvent, { type: T }>['data'];

let rig: Rig;
const nodes = new Map<string, ServedNode>();
const strategy = { maxUnavailable: 20, failureLimit: 20 };

const row = async (table: string, node: string): Promise<Row | undefined> => (await rig.pool.query<Row>(`select * from roll.${table} where node = $1`, [node])).rows[0];
const file = (node: string, name: string) => join(nodes.get(node)!.home, name);
const settings = (node: string) => JSON.parse(readFileSync(file(node, 'settings.json'), 'utf8')) as object;
const told = async (node: string) => JSON.stringify([await row('fleet', node), await row('rollout_node', node), (await history(node)).map((event) => event.type)]);
const reaches = (node: string, state: string, table = 'fleet') => until(async () => (await row(table, node))?.['state'] === state, 60_000, () => told(node));

async function history(node: string): Promise<DomainEvent[]> {
  return (await rig.book.ledger.readStream(`node/${node}`)).map((stored) => decode(stored).event);
}

async function last<T extends DomainEvent['type']>(node: string, type: T): Promise<DataOf<T>> {
  const found = (await history(node)).findLast((event) => event.type === type);
  if (!found) throw new Error(`${type} never happened: ${await told(node)}`);
  return found.data as DataOf<T>;
}

async function rollOut(names: string[], to: string, method?: string): Promise<string> {
  const rollout = await rig.plan(names, strategy, { product: 'kettle', to, ...(method === undefined ? {} : { method }) });
  await rig.startRollout(rollout);
  return rollout;
}

async function decide(node: string, accept: boolean, reason: string | null): Promise<void> {
  const { order } = await last(node, 'review.requested');
  const outcome = await rig.bus.execute(new DecideReview(rig.person(), node, order, accept, reason));
  expect(outcome.ok).toBe(true);
}

const begin = (node: string, procedure: string, to: string | null = null) => rig.bus.execute(new StartProcedure(rig.person(), node, procedure, to));

beforeAll(async () => {
  rig = await Rig.start();
  const { catalog, mirror } = makeKettle(rig.folder);
  const make = (node: string, ...rest: [Parameters<typeof makeHome>[2], ServedNode['labels']?]) => nodes.set(node, makeHome(rig.folder, node, ...rest));
  for (const name of ['old-good', 'old-bad']) make(name, 'v1');
  for (const name of ['plain', 'broken']) make(name, 'v2');
  make('scripted', 'v2', { 'fact/installer': 'script' });
  for (const name of ['slow', 'down', 'again', 'looked-at']) make(name, 'v3');
  writeFileSync(file('broken', 'broken'), '');
  await rig.importCatalogue(catalog);
  await rig.addAgent('agent-1', [...nodes.values()], { mirror, catalog });
  await until(async () => (await rig.pool.query(`select from roll.fleet where health = 'healthy'`)).rowCount === nodes.size, 60_000);
}, 120_000);
afterAll(() => rig.stop());

describe('over two legs, with a person in between', () => {
  beforeAll(async () => {
    await rollOut(['old-good', 'old-bad'], 'v3');
    for (const node of ['old-good', 'old-bad']) await reaches(node, 'in-review');
  }, 120_000);

  it('a node waits, says so everywhere, and shows what is to be decided', async () => {
    for (const table of ['rollout_node', 'fleet']) await reaches('old-good', 'in-review', table);
    await reaches('old-good', 'pending', 'review');
    const review = await row('review', 'old-good');
    expect(review).toMatchObject({ state: 'pending', step: 'compare', phase: 'upgrade', decided_at: null });
    const shown = await new PostgresBlobs(rig.pool).get((review!['evidence'] as { sha256: string }).sha256);
    expect(shown!.toString()).toContain('-{"schema":1,"owner":"old-good"}\n+{"schema":2,"owner":"old-good"}');
    const { rows } = await rig.pool.query<{ due_at: string }>(`select due_at from roll.timer where name = 'review/old-good'`);
    expect(rows).toEqual([{ due_at: review!['decide_by'] }]);
  });

  it('a person accepts, and the node goes on to the end of the last leg', async () => {
    await decide('old-good', true, 'as expected');
    await reaches('old-good', 'upgraded', 'rollout_node');
    await reaches('old-good', 'ready');
    expect(await row('fleet', 'old-good')).toMatchObject({ version: 'v3', reason: null });
    await reaches('old-good', 'accepted', 'review');
    expect(await row('review', 'old-good')).toMatchObject({ phase: 'upgrade', decided_by: 'person:tester', reason: 'as expected' });
    expect(settings('old-good')).toEqual({ schema: 2, owner: 'old-good' });
    const events = await history('old-good');
    expect(events.filter((event) => event.type === 'backup.created')).toHaveLength(1);
    expect(events.filter((event) => event.type === 'release.installed')).toHaveLength(2);
    expect(events.filter((event) => event.type === 'node.version-observed').map((event) => event.data.version)).toEqual(['v1', 'v2', 'v3']);
    const { legs } = (await last('old-good', 'upgrade.started')).route;
    expect(legs.map(({ from, to, notes }) => [from, to, notes])).toEqual([['v1', 'v2', ['Descale it first']], ['v2', 'v3', []]]);
  });

  it('a person rejects, and the node is as it was, byte for byte', async () => {
    await decide('old-bad', false, 'the owner looks wrong');
    await reaches('old-bad', 'rolled-back', 'rollout_node');
    await reaches('old-bad', 'ready');
    await reaches('old-bad', 'rejected', 'review');
    expect(await row('fleet', 'old-bad')).toMatchObject({ version: 'v1' });
    expect(await row('rollout_node', 'old-bad')).toMatchObject({ reason: 'review-rejected: the owner looks wrong' });
    expect(await row('review', 'old-bad')).toMatchObject({ state: 'rejected', reason: 'the owner looks wrong' });
    expect(readFileSync(file('old-bad', 'settings.json'), 'utf8')).toBe('{"schema":1,"owner":"old-bad"}');
    expect((await last('old-bad', 'backup.restored')).equalsBackup).toBe(true);
  });

  it('no timer is left of what was decided', async () => {
    await until(async () => (await rig.pool.query(`select from roll.timer where name like 'review/%'`)).rowCount === 0, 10_000);
  });
});

describe('each node by the method that suits it, measured before and after', () => {
  beforeAll(async () => {
    await rollOut(['plain', 'scripted', 'broken'], 'v3');
    for (const node of ['plain', 'scripted']) await reaches(node, 'upgraded', 'rollout_node');
    await reaches('broken', 'rolled-back', 'rollout_node');
  }, 120_000);

  it('the binary is put in place by the agent, or by the installer that it fetched and checked', async () => {
    expect([(await last('plain', 'upgrade.started')).route.method, (await last('scripted', 'upgrade.started')).route.method]).toEqual(['binary', 'script']);
    expect([existsSync(file('plain', 'installed-by')), readFileSync(file('scripted', 'installed-by'), 'utf8')]).toEqual([false, 'installer']);
    expect(readFileSync(file('plain', '.local/bin/kettle'))).toEqual(readFileSync(file('scripted', '.local/bin/kettle')));
    // An installer that was put in place is not yet the release.
    expect((await history('scripted')).map((event) => event.type)).not.toContain('release.installed');
  });

  it('the start-up is compared with the node\'s own before', async () => {
    const measured = (await history('plain')).flatMap((event) => (event.type === 'baseline.measured' ? [event.data] : []));
    expect(measured.map((one) => [one.when, one.runs.length, one.phase])).toEqual([['before', 3, 'upgrade'], ['after', 3, 'upgrade']]);
    expect(measured[1]!.beforeMs).toBe(measured[0]!.medianMs);
  });

  it('the validation suite is run under its own settings, and a failed one takes the node back', async () => {
    expect(await last('plain', 'validation.run')).toMatchObject({ suite: 'test', total: 4, passed: 4, failed: 0 });
    expect(await last('broken', 'validation.run')).toMatchObject({ suite: 'test', total: 4, passed: 3, failed: 1 });
    expect(await last('broken', 'upgrade.failed')).toMatchObject({ step: 'suite', reason: 'validation-failed', changed: true });
    await reaches('broken', 'ready');
    expect(await row('fleet', 'broken')).toMatchObject({ version: 'v2' });
  });
});

it('a release that is much slower to start than the one before is taken back', async () => {
  await rollOut(['slow'], 'v4', 'binary');
  await reaches('slow', 'rolled-back', 'rollout_node');
  expect(await last('slow', 'upgrade.failed')).toMatchObject({ step: 'after', reason: 'slower-than-before' });
  const { medianMs, beforeMs } = await last('slow', 'baseline.measured');
  expect(medianMs).toBeGreaterThan(3 * beforeMs!);
  await reaches('slow', 'ready');
  expect(await row('fleet', 'slow')).toMatchObject({ version: 'v3' });
}, 90_000);

describe('procedures', () => {
  it('remove a node and install it again, and keep its data', async () => {
    const begun = await begin('again', 'reinstall');
    if (!begun.ok) throw new Error(JSON.stringify(begun.refusal));
    await until(async () => (await history('again')).at(-1)!.type.startsWith('procedure.'), 60_000, () => told('again'));
    expect(await last('again', 'procedure.completed')).toMatchObject({ id: begun.id, procedure: 'reinstall', from: 'v3', to: 'v3', changed: true, astray: false });
    expect(await last('again', 'backup.created')).toMatchObject({ rollout: begun.id, backup: { name: `pre-${begun.id}` } });
    expect((await last('again', 'backup.restored')).equalsBackup).toBe(true);
    expect(settings('again')).toEqual({ schema: 3, owner: 'again' });
    await until(async () => (await row('fleet', 'again'))?.['state'] === 'ready', 10_000);
  }, 90_000);

  it('take a node back to an older release, or say why there is no way', async () => {
    const refused = await begin('down', 'downgrade', 'v1');
    expect(refused).toMatchObject({ ok: false, refusal: { code: 'downgrade-impossible', facts: { from: 'v3', to: 'v1', reason: 'it cannot read the settings' } } });
    expect(await begin('down', 'downgrade', 'v2')).toMatchObject({ ok: true });
    await until(async () => (await row('fleet', 'down'))?.['version'] === 'v2' && (await row('fleet', 'down'))?.['state'] === 'ready', 60_000, () => told('down'));
    expect(await last('down', 'procedure.completed')).toMatchObject({ procedure: 'downgrade', to: 'v2' });
  }, 90_000);

  it('that nobody decides on in time end by themselves, and the node is as it was', async () => {
    expect(await begin('looked-at', 'look')).toMatchObject({ ok: true });
    await until(async () => (await history('looked-at')).at(-1)!.type === 'procedure.failed', 60_000, () => told('looked-at'));
    expect(await last('looked-at', 'procedure.failed')).toMatchObject({ reason: 'review-expired', changed: false, astray: false });
    await reaches('looked-at', 'ready');
    await reaches('looked-at', 'expired', 'review');
  }, 90_000);

  it('begin once, however often they are asked for under the same id', async () => {
    const meta = rig.person();
    const ask = () => rig.bus.execute(new StartProcedure(meta, 'plain', 'reinstall', null));
    const [first, ...more] = [await ask(), await ask(), await ask()];
    await until(async () => (await history('plain')).some((event) => event.type === 'procedure.completed'), 60_000, () => told('plain'));
    for (const one of [...more, await ask()]) expect(one).toMatchObject({ ok: true, id: first.ok && first.id, repeated: true });
    expect((await history('plain')).filter((event) => event.type === 'procedure.started')).toHaveLength(1);
    expect(await rig.bus.execute(new StartProcedure(meta, 'plain', 'look', null))).toMatchObject({ ok: false, refusal: { code: 'command-reused' } });
  }, 90_000);

  it('are no part of any rollout, and nothing of them is set aside', async () => {
    expect((await rig.pool.query('select * from roll.parked')).rows).toEqual([]);
    const { rows } = await rig.pool.query<{ rollout: string }>('select rollout from roll.rollout');
    expect(rows.filter((one) => one.rollout.startsWith('p-'))).toEqual([]);
  });
});
