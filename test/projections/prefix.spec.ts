import fc from 'fast-check';
import { AbortRollout } from '#commands';
import { PostgresShelf, envelopeOf } from '#ledger';
import type { LedgerReader, StoredEvent } from '#ledger';
import { projections, projectOn, rebuild } from '#projections';
import type { Lease } from '#projections';
import { event, item } from '../support/items.js';
import { Workshop } from '../support/workshop.js';

let workshop: Workshop;
let lease: Lease;
let all: StoredEvent[];

/** The same story once more, of other nodes and rollouts, as if it had gone on beside. */
async function retell(shelf: PostgresShelf, events: readonly StoredEvent[]): Promise<void> {
  const renamed = (text: string) => text.replace(/\bn-(?=\d)/g, 'm-').replace(/\br-(?=[0-9a-z]{8})/g, 'r-m');
  for (const stored of events.filter((one) => !one.stream.startsWith('product/'))) {
    const { type, revision, data, occurredAt } = envelopeOf(stored);
    const copy = { type, revision, occurredAt, data: JSON.parse(renamed(JSON.stringify(data))) as typeof data };
    await shelf.append([item(renamed(stored.stream), { events: [copy] })]);
  }
}

/** Nodes that verify, go back and are left astray, and in their midst events that read models cannot take or PostgreSQL refuses. */
async function write(): Promise<void> {
  const { fleet } = workshop;
  await fleet.importCatalogue();
  for (const node of ['n-1', 'n-2', 'n-3', 'n-9']) await fleet.announce(node);
  const poisoned = await fleet.plan({ nodes: ['n-9'] });
  fleet.conduct = (order) => (order.node === 'n-2' && order.kind === 'version' ? { facts: { version: 'v0.6.2' } } : undefined);
  await fleet.rollOut(['n-1', 'n-2']);
  fleet.conduct = (order) => (order.phase === 'rollback' || order.kind === 'version' ? { outcome: 'failed', reason: 'quota' } : undefined);
  await fleet.rollOut(['n-3']);
  const story = await workshop.events();
  const shelf = new PostgresShelf(workshop.pool);
  // Too large for its column, without a beginning, of a revision that nobody knows, and with what jsonb cannot hold.
  const ordered = { node: 'n-9', rollout: poisoned, step: 's', title: 't', index: 3_000_000_000 };
  await shelf.append([item('node/n-9', { events: [event('step.ordered', ordered)] })]);
  await shelf.append([item('node/ghost', { events: [event('upgrade.verified', { node: 'ghost', rollout: 'r-none', product: 'orchat', from: 'v0.6.2', to: 'v0.7.0' })] })]);
  await retell(shelf, story.slice(0, story.length / 2));
  await shelf.append([item('node/odd', { events: [{ ...event('node.registered', { node: 'odd' }), revision: 99 }] })]);
  await shelf.append([item('node/odd', { events: [event('node.registered', { node: 'odd', site: 'a\u0000b', product: 'orchat', labels: { a: '\u0000' } })] })]);
  const hand = await workshop.hire();
  await hand.bus.execute(new AbortRollout(fleet.meta(), poisoned, 'enough'));
  await retell(shelf, story.slice(story.length / 2));
}

beforeAll(async () => {
  workshop = await Workshop.open();
  await write();
  all = await workshop.events();
  lease = await workshop.lease('projector', 'test');
});
afterAll(() => workshop.close());

/** The ledger as it was when it had so many events. */
const until = (end: number): LedgerReader => {
  const { reader } = workshop;
  return Object.assign(Object.create(reader) as LedgerReader, {
    head: () => Promise.resolve({ position: end }),
    read: (after: number, limit: number) => Promise.resolve(all.slice(after, Math.min(end, after + limit))),
  });
};

const parked = () => workshop.rows('select projection, key, position, behind, reason from roll.parked order by 1, 2');
const tables = projections.flatMap((one) => one.tables.map((table) => `roll.${table.name}`));

it('has what no read model can take, and what PostgreSQL refuses', async () => {
  await workshop.project(lease);
  const keys = (await parked()) as { projection: string; key: string }[];
  expect(keys.map(({ projection, key }) => `${projection} ${key.startsWith('r-') ? 'a rollout' : key}`).sort()).toEqual([
    'certification node/odd', 'fleet node/ghost', 'fleet node/odd', 'history node/odd', 'products node/odd', 'reviews node/odd', 'rollouts a rollout', 'rollouts node/odd', 'rollouts a rollout',
  ].sort());
});

it('any part of the ledger, taken live in parts of any size, gives what a rebuild from zero gives', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: all.length }), fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 }), async (end, sizes) => {
      await workshop.meddle(`truncate ${tables.join(', ')}, roll.parked, roll.follower`);
      const reader = until(end);
      for (const projection of projections) {
        for (let turn = 0; (await projectOn(workshop.pool, reader, projection, lease, sizes[turn % sizes.length])) > 0; turn++);
      }
      const live = await parked();
      for (const projection of projections) {
        const report = await rebuild(workshop.pool, reader, projection, {});
        expect(report).toMatchObject({ projection: projection.name, events: end, differing: 0, swapped: true });
      }
      expect(await parked()).toEqual(live);
    }),
    { numRuns: 12, endOnFailure: true, examples: [[all.length, [1, 7, 60]]] },
  );
}, 60_000);
