import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { MemoryShelf, PostgresShelf, verifyLedger } from '#ledger';
import type { AppendItem, AppendResult, StoredEvent } from '#ledger';
import { TestLedger } from '../../support/ledgers.js';
import { event, item } from '../../support/items.js';

let book: TestLedger;
beforeEach(async () => (book = await TestLedger.open()));
afterEach(() => book.close());

const times = (count: number) => Array.from({ length: count }, (_, i) => i);

it('lets one of 200 concurrent writers with `exact` win each round', async () => {
  const shelves = [await book.shelf(), await book.shelf({ lanes: 2 })];
  for (const round of times(5)) {
    const results = await Promise.all(
      times(200).map((i) => shelves[i % 2]!.append([item('s/1', { expect: { exact: round } })])),
    );
    const outcomes = results.map(([result]) => result!.outcome);
    expect(outcomes.filter((one) => one === 'appended')).toHaveLength(1);
    expect(outcomes.filter((one) => one === 'conflict')).toHaveLength(199);
  }
  expect(await shelves[0]!.readStream('s/1')).toHaveLength(5);
});

it('fails none of 200 concurrent writers with `any`', async () => {
  const shelves = [await book.shelf(), await book.shelf()];
  const results = await Promise.all(times(200).map((i) => shelves[i % 2]!.append([item('s/1', { events: [event(), event()] })])));
  expect(results.every(([result]) => result!.outcome === 'appended')).toBe(true);
  const versions = (await shelves[0]!.readStream('s/1')).map((one) => one.version);
  expect(versions).toEqual(times(400).map((i) => i + 1));
  expect(await verifyLedger(shelves[0]!)).toMatchObject({ ok: true, size: 400 });
});

it('records one fact for a command that many send at once', async () => {
  const shelves = [await book.shelf(), await book.shelf(), await book.shelf()];
  const one = item('s/1');
  const results = await Promise.all(times(30).map((i) => shelves[i % 3]!.append([one])));
  expect(results.filter(([result]) => result!.outcome === 'appended')).toHaveLength(1);
  expect(results.filter(([result]) => result!.outcome === 'repeated')).toHaveLength(29);
  expect((await shelves[0]!.head()).position).toBe(1);
});

it('misses no event for a reader who asks for what comes after its position', async () => {
  const shelves = [await book.shelf({ lanes: 3 }), await book.shelf({ lanes: 3 })];
  let writing = true;
  const seen: number[] = [];
  const reader = (async () => {
    for (let after = 0; ; ) {
      const last = !writing;
      const page = await shelves[0]!.read(after, 50);
      seen.push(...page.map((one) => one.position));
      after = seen.at(-1) ?? 0;
      if (last && page.length === 0) return;
    }
  })();
  await Promise.all(times(600).map((i) => shelves[i % 2]!.append([item(`s/${i % 37}`, { events: times(1 + (i % 4)).map(() => event()) })])));
  writing = false;
  await reader;
  expect(seen).toEqual(times((await shelves[0]!.head()).position).map((i) => i + 1));
});

it('stores each acknowledged fact once though the server throws its connections out', async () => {
  const shelf = await book.shelf({ attempts: 12 });
  let thrownOutAt = 0;
  let kills = 0;
  const outcomes: string[] = [];
  const writer = async () => {
    for (const _ of times(30)) {
      const [result] = await shelf.append([item(`s/${randomUUID()}`)]);
      outcomes.push(result!.outcome);
      if (outcomes.length < thrownOutAt + 40) continue;
      thrownOutAt = outcomes.length;
      kills += 1;
      await book.sql(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${book.database.name}' and application_name = 'test'`);
    }
  };
  await Promise.all(times(20).map(writer));
  expect(kills).toBeGreaterThan(5);
  expect(outcomes.every((one) => ['appended', 'repeated'].includes(one))).toBe(true);
  const [count] = await book.sql('select count(*)::int as n, count(distinct stream)::int as streams from ledger.event');
  expect(count!.rows[0]).toEqual({ n: 600, streams: 600 });
});

it('says that the ledger is unavailable when the server stays away, and that the id may be used again', async () => {
  const pool = await book.pool(1, book.database.app.replace(/:\d+\//, ':1/'));
  const lost = new PostgresShelf(pool, { attempts: 2, pause: () => Promise.resolve() });
  await expect(lost.append([item('s/1')])).rejects.toThrow(/repeat with the same command id/);
});

// Positions are left out: an item that depends on another of its call may come behind items that do not.
const judged = (one: AppendResult) => ({ ...one, position: undefined });
const told = (one: StoredEvent) => `${one.stream} ${one.version} ${one.command} ${one.ordinal}`;

it('decides like the shelf in memory for any sequence of items, one call or many', async () => {
  const commands = times(6).map(() => randomUUID());
  const step = fc.record({
    stream: fc.constantFrom('a/1', 'a/2', 'b/1'),
    expect: fc.oneof(fc.constantFrom('any', 'exists', 'no-stream'), fc.nat(4).map((exact) => ({ exact }))),
    events: fc.integer({ min: 1, max: 3 }),
    command: fc.option(fc.constantFrom(...commands), { nil: undefined }),
    asked: fc.constantFrom('same', 'same', 'other'),
    guard: fc.option(fc.record({ stream: fc.constantFrom('a/1', 'b/1', 'c/1'), version: fc.nat(3) }), { nil: undefined }),
  });
  const postgres = await book.shelf();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 5 }), async (calls) => {
      await book.sql('set session_replication_role = replica; alter table ledger.event disable trigger all; delete from ledger.event; alter table ledger.event enable always trigger no_change; update ledger.head set position = 0');
      const memory = new MemoryShelf(() => '2026-01-16T09:00:00.000Z');
      for (const call of calls) {
        const items = call.map(({ command, asked, guard, events, ...rest }): AppendItem => {
          const guards = guard && guard.stream !== rest.stream ? [guard] : [];
          return item(rest.stream, {
            ...rest, guards, events: times(events).map(() => event()), command: command ?? randomUUID(),
            digest: (asked === 'same' ? 'a' : 'b').repeat(64),
          });
        });
        expect((await postgres.append(items)).map(judged)).toEqual((await memory.append(items)).map(judged));
      }
      const streams = ['a/1', 'a/2', 'b/1'].map((stream) => ({ stream, afterVersion: 0 }));
      expect((await postgres.readStreams(streams)).map(told)).toEqual((await memory.readStreams(streams)).map(told));
      expect(await verifyLedger(postgres)).toMatchObject({ ok: true });
    }),
    { numRuns: 40 },
  );
}, 60_000);
