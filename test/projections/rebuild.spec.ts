import { PostgresReader } from '#ledger';
import { openPool, silentLogger } from '#platform';
import { RebuildRunning, followerOf, projections, rebuild } from '#projections';
import type { RebuildOptions } from '#projections';
import { Workshop, namedProjection } from '../support/workshop.js';

let workshop: Workshop;
const [fleet, history, rollouts] = [namedProjection('fleet'), namedProjection('history'), namedProjection('rollouts')];

beforeAll(async () => {
  workshop = await Workshop.open();
  await workshop.fleet.importCatalogue();
  for (const node of ['n-1', 'n-2', 'n-3']) await workshop.fleet.announce(node);
  await workshop.fleet.rollOut(['n-1', 'n-2']);
});
afterAll(() => workshop.close());

const project = async () => workshop.project(await workshop.lease('projector', 'test'));
const rebuilt = (projection = fleet, options: RebuildOptions = {}) => rebuild(workshop.pool, workshop.reader, projection, options);
const tables = async () => (await workshop.rows<{ name: string }>(`select relname as name from pg_class where relnamespace = 'roll'::regnamespace and relkind in ('r', 'i') order by 1`)).map((row) => row.name);
const content = (table: string) => workshop.rows(`select * from roll.${table} t order by t::text`);
const size = async (table: string) => (await content(table)).length;
let registered = 0;
const registerOne = () => workshop.fleet.announce(`more-${++registered}`);

/** Tables of which this history has nothing. */
const nothingOf = ['rollout_gate', 'review'];

describe('a rebuild', () => {
  it.each(projections.map((one) => [one.name, one] as const))('of %s gives the same rows, under the same names, with the same rights', async (_, projection) => {
    await project();
    const before = await tables();
    const rows = await Promise.all(projection.tables.map((table) => content(table.name)));
    const report = await rebuilt(projection);
    expect(report).toMatchObject({ projection: projection.name, differing: 0, parked: 0, swapped: true, rows: rows.flat().length });
    expect(await tables()).toEqual(before);
    expect(await Promise.all(projection.tables.map((table) => content(table.name)))).toEqual(rows);
    const app = await openPool({ url: workshop.database.app, name: 'test reads', max: 1, logger: silentLogger });
    for (const { name } of projection.tables) {
      if (!nothingOf.includes(name)) expect((await app.query(`select * from roll.${name}`)).rows.length).toBeGreaterThan(0);
      await expect(app.query(`delete from roll.${name}`)).rejects.toThrow('permission denied');
    }
    await app.end();
    await registerOne();
    await project();
    expect(await workshop.differing()).toMatchObject({ [projection.name]: 0 });
  });

  it('tells how far it is', async () => {
    await project();
    const seen: [number, number][] = [];
    const { events } = await rebuilt(history, { progress: (done, total) => seen.push([done, total]) });
    const head = (await workshop.reader.head()).position;
    expect(events).toBe(head);
    expect(seen.at(-1)).toEqual([head, head]);
    expect(seen.every(([done, total], i) => done <= total && (i === 0 || done > seen[i - 1]![0]))).toBe(true);
  });

  it.each([
    ['a row that was changed', `update roll.fleet set version = 'v9.9.9' where node = 'n-1'`, 1],
    ['a row that was removed', `delete from roll.fleet where node = 'n-2'`, 1],
    ['a row that was put in', `insert into roll.fleet select 'n-8', product, site, version, health, state, since, rollout, reason, labels, stream_version, position from roll.fleet where node = 'n-1'`, 1],
    ['all of them', `update roll.fleet set site = 'elsewhere'; delete from roll.fleet where node = 'n-2'`, undefined],
  ] as [string, string, number | undefined][])('finds %s, and puts the right ones in their place', async (_, sql, wanted) => {
    await project();
    const differing = wanted ?? (await size('fleet'));
    const right = await content('fleet');
    await workshop.meddle(sql);
    expect(await rebuilt(fleet, { checkOnly: true })).toMatchObject({ differing, swapped: false });
    expect(await content('fleet')).not.toEqual(right);
    expect((await tables()).filter((name) => name.includes('__next'))).toEqual([]);
    expect(await rebuilt(fleet)).toMatchObject({ differing, swapped: true });
    expect(await content('fleet')).toEqual(right);
    expect(await rebuilt(fleet)).toMatchObject({ differing: 0 });
  });

  it('finds what differs in any table of a read model that has several', async () => {
    await project();
    await workshop.meddle(`update roll.rollout_node set steps_done = 1 where node = 'n-1'; update roll.rollout set tally = '{}'`);
    expect(await rebuilt(rollouts)).toMatchObject({ differing: 2, swapped: true });
  });

  it('of what was never projected has nothing to compare with, and the projector goes on behind it', async () => {
    await workshop.meddle(`truncate roll.fleet; delete from roll.follower where name = 'projection:fleet'`);
    const nodes = (await workshop.events()).filter((stored) => stored.type === 'node.registered').length;
    expect(await rebuilt(fleet)).toMatchObject({ differing: null, swapped: true, rows: nodes });
    expect(await workshop.positionOf(followerOf(fleet))).toBe((await workshop.reader.head()).position);
    await registerOne();
    await project();
    expect(await size('fleet')).toBe(nodes + 1);
    expect(await workshop.differing()).toMatchObject({ fleet: 0 });
  });

  it('and another one at the same time do not disturb each other: one of them is refused', async () => {
    await project();
    const both = await Promise.allSettled([rebuilt(), rebuilt()]);
    const refused = both.filter((one) => one.status === 'rejected').map((one) => one.reason as unknown);
    expect(refused).toHaveLength(1);
    expect(refused[0]).toBeInstanceOf(RebuildRunning);
    expect(both.find((one) => one.status === 'fulfilled')!.value).toMatchObject({ differing: 0, swapped: true });
    // Of different read models they run side by side.
    const others = await Promise.all([rebuilt(fleet), rebuilt(history), rebuilt(rollouts)]);
    expect(others.map((one) => one.differing)).toEqual([0, 0, 0]);
  });
});

describe('a rebuild that is killed half way', () => {
  it.each(['while it folds', 'while it swaps'] as const)('%s leaves the live tables as they were, and can be run again', async (when) => {
    await project();
    await workshop.meddle(`update roll.fleet set version = 'v9.9.9' where node = 'n-1'`);
    const before = await content('fleet');
    const pool = await openPool({ url: workshop.database.worker, name: 'test victim', max: 4, logger: silentLogger });
    const kill = () => workshop.meddle(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test victim'`);
    if (when === 'while it swaps') {
      // The new table has taken the place of the live one, and what comes next never returns.
      await workshop.meddle(`
        create function roll.stop() returns trigger language plpgsql as $$ begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(1); return new; end $$;
        create trigger stop before delete on roll.parked for each statement execute function roll.stop()`);
    }
    const reader = new PostgresReader(pool);
    const dying = Object.assign(Object.create(reader) as PostgresReader, {
      read: async (after: number, limit: number) => {
        const events = await reader.read(after, limit);
        if (when === 'while it folds') await kill();
        return events;
      },
    });
    await expect(rebuild(pool, dying, fleet, {})).rejects.toThrow();
    await pool.end();
    expect(await content('fleet')).toEqual(before);
    if (when === 'while it swaps') await workshop.meddle('drop trigger stop on roll.parked; drop function roll.stop()');
    await registerOne();
    await project();
    expect(await rebuilt(fleet)).toMatchObject({ differing: 1, swapped: true, rows: before.length + 1 });
    expect((await tables()).filter((name) => name.includes('__next'))).toEqual([]);
  });
});

describe('a rebuild under live writes', () => {
  it('comes up to where the live tables are, and loses nothing of what is written meanwhile', async () => {
    await project();
    const lease = await workshop.lease('projector', 'live');
    const before = registered;
    let over = false;
    const writing = (async () => {
      while (!over) {
        await registerOne();
        await workshop.project(lease, projections, 7);
      }
    })();
    try {
      for (let round = 1; round <= 2; round++) {
        for (const projection of projections) expect(await rebuilt(projection)).toMatchObject({ differing: 0, swapped: true });
      }
    } finally {
      over = true;
      await writing;
    }
    await workshop.project(lease);
    expect(await workshop.differing()).toEqual(Object.fromEntries(projections.map((one) => [one.name, 0])));
    const nodes = (await workshop.events()).filter((stored) => stored.type === 'node.registered').length;
    expect(await size('fleet')).toBe(nodes);
    expect(registered).toBeGreaterThan(before + 1);
  });
});
