import { performance } from 'node:perf_hooks';
import { PostgresReader, PostgresShelf } from '../../../dist/libs/ledger/src/index.js';
import { projections, rebuild } from '../../../dist/libs/projections/src/index.js';
import { seed } from './seed.mjs';

const page = 4_000;
const targets = { fleet: 60_000, history: 60_000 };

export async function run(ground, report) {
  const wanted = ground.quick ? { events: 2_000, limitMs: 5_000, rounds: 1 } : { events: 200_000, limitMs: 12_000, rounds: 3 };
  const database = await ground.database();
  const pool = await ground.pool(database.worker, 6);
  const seeded = performance.now();
  const events = await seed(new PostgresShelf(pool), wanted);
  report.figure('seed-per-second', [events / seconds(seeded)], { unit: 'events/s' });
  report.figure('events', [events], { unit: 'events' });
  const reader = new PostgresReader(pool);
  const seen = new Map();
  const note = (name, value) => seen.set(name, [...(seen.get(name) ?? []), value]);
  for (const _ of ground.rounds(wanted.rounds)) {
    const bare = await readAll(reader);
    note('bare-read', bare);
    for (const projection of projections) {
      // Nothing is live yet: what is measured is the fold and its rows, not the comparison with other rows.
      const done = await rebuild(pool, reader, projection, { checkOnly: true });
      if (done.parked > 0) throw new Error(`${done.parked} keys of ${projection.name} were set aside`);
      note(projection.name, done.events / done.seconds);
      note(`to-${projection.name}`, done.events / done.seconds / bare);
    }
  }
  report.figure('bare-read-per-second', seen.get('bare-read'), { unit: 'events/s' });
  for (const { name } of projections) report.figure(`${name}-per-second`, seen.get(name), { unit: 'events/s', least: targets[name] });
  for (const { name } of projections) report.ratio(`${name}-to-bare-read`, seen.get(`to-${name}`));
  report.limit('One core of Node limits it: it parses the JSON of each event, folds it and writes the rows as JSON; PostgreSQL reads the next page meanwhile.');
}

/** The same pages, one after the other, with nothing done to them. */
async function readAll(reader) {
  const began = performance.now();
  let position = 0;
  for (;;) {
    const events = await reader.read(position, page);
    if (events.length === 0) return position / seconds(began);
    position = events.at(-1).position;
  }
}

function seconds(began) {
  return (performance.now() - began) / 1000;
}
