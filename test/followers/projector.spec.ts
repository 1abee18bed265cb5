import { QueryBus } from '@nestjs/cqrs';
import { NestFactory } from '@nestjs/core';
import type { INestApplicationContext } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { RegisterNode } from '#commands';
import { openDataSource } from '#platform';
import { GetNode, LeaseLost, ListNodes, NodeHistory, ProjectionsModule, entities, followerOf, projectOn, projections, rebuild } from '#projections';
import type { Lease, Projection } from '#projections';
import { projector } from '../../apps/worker/src/projector/projector.js';
import { Workshop, namedProjection } from '../support/workshop.js';

let workshop: Workshop;
let source: DataSource;
let app: INestApplicationContext;
let lease: Lease;
const [fleet, history] = [namedProjection('fleet'), namedProjection('history')];

beforeEach(async () => {
  workshop = await Workshop.open();
  source = await openDataSource({ url: workshop.database.app, name: 'test reads', max: 4, entities });
  app = await NestFactory.createApplicationContext(ProjectionsModule.over(source, workshop.pool), { logger: false, abortOnError: false });
  lease = await workshop.lease('projector', 'one');
});
afterEach(async () => {
  await app.close();
  await source.destroy();
  await workshop.close();
});

const ask = (query: GetNode | NodeHistory | ListNodes) => app.get(QueryBus).execute<typeof query, { item?: { version: string | null }; items?: unknown[]; incompleteSince: number | null; position: number }>(query);
const register = async (node: string, labels: { [name: string]: string } = {}) => {
  const hand = await workshop.hire();
  await hand.bus.execute(new RegisterNode(workshop.fleet.meta(), node, 'local', 'orchat', labels));
};
const nodesIn = async (table: string) => (await workshop.rows<{ node: string }>(`select node from roll.${table} order by node`)).map((row) => row.node);
const parked = () => workshop.rows<{ projection: string; key: string; position: string; behind: number; reason: string }>('select projection, key, position::text, behind, reason from roll.parked order by projection, key');

/** A program that does not understand one thing that a newer one does. */
const olderThan = (projection: Projection): Projection => ({
  ...projection,
  apply(fact, rows) {
    if (fact.event.type === 'node.relabelled' && fact.event.data.labels['odd'] !== undefined) throw new Error('a label that nobody understands');
    projection.apply(fact, rows);
  },
});

/** Three nodes, of which the second has something odd in the middle of its events. */
async function oddStory(): Promise<number> {
  for (const node of ['n-1', 'n-2', 'n-3']) await workshop.fleet.announce(node);
  await register('n-2', { odd: 'yes' });
  const [odd] = await workshop.rows<{ position: string }>('select position::text from ledger.head');
  await workshop.fleet.observe('n-2', 'v0.7.0', 'healthy');
  await workshop.fleet.observe('n-3', 'v0.7.0', 'healthy');
  return Number(odd!.position);
}

describe('rows and position', () => {
  it('are written together or not at all', async () => {
    await workshop.fleet.announce('n-1');
    await workshop.meddle(`
      create function roll.stop() returns trigger language plpgsql as $$ begin raise exception 'the disk is full' using errcode = 'disk_full'; end $$;
      create trigger stop before update of position on roll.follower for each row execute function roll.stop()`);
    await expect(projectOn(workshop.pool, workshop.reader, fleet, lease)).rejects.toThrow('the disk is full');
    expect([await nodesIn('fleet'), await workshop.positionOf(followerOf(fleet)), await parked()]).toEqual([[], 0, []]);
    await workshop.meddle('drop trigger stop on roll.follower; create trigger stop before insert on roll.fleet for each row execute function roll.stop()');
    await expect(projectOn(workshop.pool, workshop.reader, fleet, lease)).rejects.toThrow('the disk is full');
    expect([await nodesIn('fleet'), await workshop.positionOf(followerOf(fleet)), await parked()]).toEqual([[], 0, []]);
    await workshop.meddle('drop trigger stop on roll.fleet');
    await workshop.project(lease, [fleet]);
    expect([await nodesIn('fleet'), await workshop.positionOf(followerOf(fleet))]).toEqual([['n-1'], 3]);
  });

  it('of a projector whose lease has passed on are not written', async () => {
    await workshop.fleet.announce('n-1');
    const slow = { read: async (after: number, limit: number) => {
      const stored = await workshop.reader.read(after, limit);
      await workshop.lease('projector', 'two');
      return stored;
    } };
    await expect(projectOn(workshop.pool, slow, fleet, lease)).rejects.toThrow(LeaseLost);
    expect([await nodesIn('fleet'), await workshop.positionOf(followerOf(fleet))]).toEqual([[], 0]);
  });

  it('of two projectors under one lease are written once', async () => {
    for (let i = 1; i <= 20; i++) await workshop.fleet.announce(`n-${i}`);
    const both = await Promise.allSettled([1, 2].map(async () => workshop.project(lease, [history], 7)));
    expect(both.some((one) => one.status === 'fulfilled')).toBe(true);
    await workshop.project(lease, [history]);
    expect((await workshop.rows('select from roll.history')).length).toBe(60);
    expect(await workshop.differing()).toMatchObject({ history: 0 });
  });
});

describe('an event that a read model cannot take', () => {
  it('sets its key aside with everything behind it; the others go on, and answers say since when they lack something', async () => {
    const odd = await oddStory();
    await workshop.project(lease, [olderThan(fleet), history], 4);
    expect(await parked()).toEqual([{ projection: 'fleet', key: 'node/n-2', position: String(odd), behind: 1, reason: 'a label that nobody understands' }]);
    expect(await ask(new GetNode('n-2'))).toMatchObject({ item: { version: 'v0.6.2' }, incompleteSince: odd });
    expect(await ask(new GetNode('n-3'))).toMatchObject({ item: { version: 'v0.7.0' }, incompleteSince: null });
    expect(await ask(new ListNodes({ selector: 'all', after: null, limit: 10 }))).toMatchObject({ incompleteSince: odd, position: odd + 2 });
    expect(await ask(new NodeHistory('n-2', { after: 0, limit: 10 }))).toMatchObject({ incompleteSince: null });
  });

  it('keeps its key aside also for what comes later, under the same program', async () => {
    const odd = await oddStory();
    await workshop.project(lease, [olderThan(fleet)]);
    await workshop.fleet.observe('n-2', 'v0.6.0', 'unhealthy');
    await workshop.project(lease, [olderThan(fleet)]);
    await workshop.project(await workshop.lease('projector', 'two'), [olderThan(fleet)]);
    expect(await parked()).toMatchObject([{ key: 'node/n-2', position: String(odd), behind: 3 }]);
    expect(await ask(new GetNode('n-2'))).toMatchObject({ item: { version: 'v0.6.2' }, incompleteSince: odd });
  });

  it('is taken up, with all that waited behind it, by a program that understands it', async () => {
    await oddStory();
    await workshop.project(lease, [olderThan(fleet)]);
    await workshop.project(await workshop.lease('projector', 'two'), [fleet]);
    expect(await parked()).toEqual([]);
    expect(await ask(new GetNode('n-2'))).toMatchObject({ item: { version: 'v0.7.0', labels: { odd: 'yes' } }, incompleteSince: null });
    await workshop.project(await workshop.lease('projector', 'two'));
    expect(await workshop.differing()).toMatchObject({ fleet: 0 });
  });

  it('is set aside by a rebuild as well', async () => {
    const odd = await oddStory();
    await workshop.project(lease, [olderThan(fleet)]);
    const report = await rebuild(workshop.pool, workshop.reader, olderThan(fleet), {});
    expect(report).toMatchObject({ parked: 1, differing: 0, swapped: true });
    expect(await parked()).toMatchObject([{ key: 'node/n-2', position: String(odd), behind: 1 }]);
    expect(await rebuild(workshop.pool, workshop.reader, fleet, {})).toMatchObject({ parked: 0, differing: 1, swapped: true });
    expect(await parked()).toEqual([]);
  });
});

describe('a read model in trouble', () => {
  it('holds up none of the others, and goes on when the trouble is over', async () => {
    await workshop.fleet.announce('n-1');
    await workshop.meddle('alter table roll.fleet rename column health to wellbeing');
    const follower = projector(workshop.pool, workshop.reader);
    await expect(follower.step(lease)).rejects.toThrow('fleet cannot go on');
    const standing = async (): Promise<{ [name: string]: number }> =>
      Object.fromEntries(await Promise.all(projections.map(async (one) => [one.name, await workshop.positionOf(followerOf(one))] as const)));
    expect(await standing()).toEqual({ ...Object.fromEntries(projections.map((one) => [one.name, 3])), fleet: 0 });
    await workshop.meddle('alter table roll.fleet rename column wellbeing to health');
    await workshop.drain(follower, lease);
    expect(await standing()).toMatchObject({ fleet: 3 });
  });

  it('that is only replaced says so, for its worker to let go', async () => {
    await workshop.fleet.announce('n-1');
    const follower = projector(workshop.pool, workshop.reader);
    await workshop.lease('projector', 'two');
    await expect(follower.step(lease)).rejects.toThrow(LeaseLost);
  });
});
