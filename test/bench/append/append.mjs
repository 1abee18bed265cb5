import { performance } from 'node:perf_hooks';
import { PostgresShelf } from '../../../dist/libs/ledger/src/index.js';
import { percentile } from '../report.mjs';
import { openEmmett } from './emmett.mjs';
import { newWork } from './events.mjs';
import { RawWriter } from './raw.mjs';

const callerCounts = [1, 10, 50, 200];
const targets = { emmett: { 50: 6 }, raw: { 200: 0.8 } };

/** Three writers of the same events into the same server, in turns, so that each meets the machine in the same state. */
export async function run(ground, report) {
  const { rounds, slotMs } = ground.quick ? { rounds: 1, slotMs: 100 } : { rounds: 5, slotMs: 550 };
  const database = await ground.database();
  const ledger = new CountingShelf(await ground.pool(database.app, 2));
  const raw = await RawWriter.open(ground, database.admin);
  // The test of the benches must not depend on a registry.
  const emmett = ground.quick ? undefined : await openEmmett(ground, database.admin);
  const shelf = { name: 'rollbook', append: (event) => ledger.append(event) };
  await warmUp([shelf, ...(emmett ? [emmett] : [])], raw, slotMs);
  ledger.takeMeanBatch();
  const seen = new Map();
  const note = (name, value) => seen.set(name, [...(seen.get(name) ?? []), value]);
  for (const _ of ground.rounds(rounds)) {
    for (const callers of callerCounts) {
      const ours = await fromCallers(shelf, callers, slotMs);
      const batch = Math.max(1, Math.round(ledger.takeMeanBatch()));
      note(`rollbook-${callers}`, ours.perSecond);
      note(`rollbook-${callers}-p50`, ours.p50);
      note(`rollbook-${callers}-p99`, ours.p99);
      note(`batch-${callers}`, batch);
      const bare = await raw.write(batch, slotMs);
      note(`raw-${callers}`, bare);
      note(`to-raw-${callers}`, ours.perSecond / bare);
      if (!emmett) continue;
      const theirs = await fromCallers(emmett, callers, slotMs);
      note(`emmett-${callers}`, theirs.perSecond);
      note(`emmett-${callers}-p50`, theirs.p50);
      note(`emmett-${callers}-p99`, theirs.p99);
      note(`to-emmett-${callers}`, ours.perSecond / theirs.perSecond);
    }
  }
  tell(report, seen);
}

function tell(report, seen) {
  for (const callers of callerCounts) {
    for (const who of ['rollbook', 'emmett', 'raw']) {
      if (seen.has(`${who}-${callers}`)) report.figure(`${who}-${callers}-per-second`, seen.get(`${who}-${callers}`), { unit: 'events/s' });
      for (const part of ['p50', 'p99']) {
        if (seen.has(`${who}-${callers}-${part}`)) report.figure(`${who}-${callers}-${part}-ms`, seen.get(`${who}-${callers}-${part}`), { unit: 'ms' });
      }
    }
    report.figure(`batch-${callers}`, seen.get(`batch-${callers}`), { unit: 'events/statement' });
  }
  for (const to of ['emmett', 'raw']) {
    for (const callers of callerCounts) {
      const values = seen.get(`to-${to}-${callers}`);
      if (values) report.ratio(`${to}-${callers}`, values, { least: targets[to][callers] });
    }
  }
  report.limit('One caller waits for one commit after the other, so the disk limits it.');
  report.limit('Many callers share a commit; then PostgreSQL limits, which inserts into three indexes, hashes and writes the log on one core, while Node makes the next batch on the other.');
}

async function warmUp(stores, raw, slotMs) {
  for (const store of stores) await fromCallers(store, 50, slotMs * 2);
  await raw.write(50, slotMs);
}

/** Callers that each append to streams of their own, one event after the other. */
async function fromCallers(store, callers, slotMs) {
  const took = [];
  const began = performance.now();
  const until = began + slotMs;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      const next = newWork();
      for (let now = performance.now(); now < until; ) {
        await store.append(next());
        const after = performance.now();
        took.push(after - now);
        now = after;
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  took.sort((a, b) => a - b);
  return { perSecond: took.length / seconds, p50: percentile(took, 0.5), p99: percentile(took, 0.99) };
}

/** The ledger as the service uses it, and how many events shared a statement. */
class CountingShelf {
  #shelf;
  #events = 0;
  #statements = 0;

  constructor(pool) {
    const query = pool.query.bind(pool);
    pool.query = (...args) => {
      this.#statements += 1;
      return query(...args);
    };
    this.#shelf = new PostgresShelf(pool);
  }

  async append({ stream, version, event, command, digest, actor, correlation, causation }) {
    const item = { stream, expect: { exact: version }, events: [event], command, digest, actor, correlation, causation };
    const [{ outcome }] = await this.#shelf.append([item]);
    if (outcome !== 'appended') throw new Error(`an append ended as ${outcome}`);
    this.#events += 1;
  }

  takeMeanBatch() {
    const mean = this.#events / this.#statements;
    this.#events = this.#statements = 0;
    return mean;
  }
}
