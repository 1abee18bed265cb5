import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { JournalBroken } from '../../apps/agent/src/journal/journal.js';
import { AgentMemory } from '../../apps/agent/src/journal/memory.js';
import type { Unsent } from '../../apps/agent/src/journal/memory.js';
import { testFolders } from '../support/agent-folder.js';
import { orderBody, reportBody } from '../support/messages.js';

const folder = testFolders('memory');
const nodes = ['n-1', 'n-2'];

function report(memory: AgentMemory, evidence: string[] = []): Unsent {
  const body = reportBody('observed', { incarnation: memory.incarnation, sequence: memory.nextSequence() });
  return { body, evidence };
}

const order = (id: number, epoch: number) => orderBody({ order: `o-${id}`, epoch, node: nodes[id % nodes.length]! });

/** All that an agent asks of its memory. */
function seen(memory: AgentMemory, orders = 12) {
  return {
    orders: Array.from({ length: orders }, (_, id) => memory.find(`o-${id}`)),
    pending: memory.pending().map((held) => held.order.order),
    epochs: nodes.map((node) => memory.epochOf(node)),
    reports: memory.reports(),
    incarnation: memory.incarnation,
    cursor: memory.cursor,
  };
}

async function reopened<T>(path: string, look: (memory: AgentMemory) => T): Promise<T> {
  const memory = new AgentMemory(path);
  try {
    return look(memory);
  } finally {
    await memory.close();
  }
}

type Act = { act: 'take' | 'refuse' | 'start' | 'child' | 'end' | 'tell' | 'taken'; id: number; epoch: number };

/** Does one thing as the agent does it, where its state allows it. */
async function apply(memory: AgentMemory, { act, id, epoch }: Act): Promise<void> {
  const held = memory.find(`o-${id}`);
  if (act === 'take' && !held && epoch >= memory.epochOf(order(id, epoch).node)) await memory.take([order(id, epoch)], [], [report(memory)], epoch * 100 + id);
  if (act === 'refuse' && !held) await memory.take([], [order(id, epoch)], [report(memory)]);
  if (act === 'start' && held && !held.ended) await memory.start(`o-${id}`);
  if (act === 'child' && held?.started && !held.ended) memory.child(`o-${id}`, { pid: 1000 + epoch, began: String(id) });
  if (act === 'end' && held && !held.ended) await memory.end(`o-${id}`, report(memory, [`e-${id}`]));
  if (act === 'tell') await memory.report(report(memory));
  if (act === 'taken') memory.taken(memory.reports().map((one) => one.body.sequence).filter((sequence) => sequence % 3 === id % 3));
}

const acts = fc.array(
  fc.record({
    act: fc.constantFrom<Act['act'][]>('take', 'take', 'refuse', 'start', 'child', 'end', 'end', 'tell', 'taken'),
    id: fc.nat(11), epoch: fc.integer({ min: 1, max: 4 }),
  }),
  { minLength: 1, maxLength: 60 },
);

it('knows after a restart what it knew before, whatever happened', async () => {
  await fc.assert(fc.asyncProperty(acts, async (all) => {
    const path = join(folder(), 'journal');
    const memory = new AgentMemory(path);
    for (const one of all) await apply(memory, one);
    const before = seen(memory);
    const next = memory.nextSequence();
    await memory.close();
    expect(await reopened(path, (again) => [seen(again), again.nextSequence()])).toEqual([before, next]);
    // The first start has rewritten the journal; it must say the same.
    expect(await reopened(path, (again) => [seen(again), again.nextSequence()])).toEqual([before, next]);
  }), { numRuns: 80 });
}, 120_000);

it('knows, cut off anywhere, what it knew after one of its writes', async () => {
  await fc.assert(fc.asyncProperty(acts, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), async (all, where) => {
    const path = join(folder(), 'journal');
    const memory = new AgentMemory(path);
    const states = [{ size: statSync(path).size, state: seen(memory) }];
    for (const one of all) {
      await apply(memory, one);
      states.push({ size: statSync(path).size, state: structuredClone(seen(memory)) });
    }
    await memory.close();
    const bytes = readFileSync(path);
    for (let i = 0; i < 5; i++) {
      const cut = states[0]!.size + Math.floor((where.next().value as number) * (bytes.length - states[0]!.size));
      writeFileSync(`${path}.cut`, bytes.subarray(0, cut));
      expect(await reopened(`${path}.cut`, seen)).toEqual(states.findLast(({ size }) => size <= cut)!.state);
    }
  }), { numRuns: 40 });
}, 120_000);

it('counts reports from 1 without a gap, across restarts, and begins anew only with a new journal', async () => {
  const path = join(folder(), 'journal');
  const sequences: number[] = [];
  let incarnation = '';
  for (let start = 0; start < 3; start++) {
    const memory = new AgentMemory(path);
    if (start > 0) expect(memory.incarnation).toBe(incarnation);
    incarnation = memory.incarnation;
    for (let i = 0; i < 3; i++) {
      const one = report(memory);
      sequences.push(one.body.sequence);
      await memory.report(one);
    }
    memory.taken([sequences.at(-1)!, sequences.at(-2)!]);
    // Handed out and never written: not used up.
    memory.nextSequence();
    await memory.close();
  }
  expect(sequences).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(await reopened(join(folder(), 'journal'), (memory) => [memory.incarnation === incarnation, memory.nextSequence()])).toEqual([false, 1]);
});

it('forgets orders of old epochs that are done, and none that is not', async () => {
  const path = join(folder(), 'journal');
  const memory = new AgentMemory(path);
  await memory.take([order(0, 1), order(2, 1)], [order(4, 1)], []);
  await memory.end('o-0', report(memory));
  await memory.take([order(6, 2)], [], []);
  const left = () => [0, 2, 4, 6].filter((id) => memory.find(`o-${id}`));
  expect(left()).toEqual([2, 6]);
  expect(memory.pending().map((held) => held.order.order)).toEqual(['o-2', 'o-6']);
  await memory.close();
});

it('changes nothing when the journal cannot be written, and the next report has the sequence of the one that failed', async () => {
  const path = join(folder(), 'journal');
  const memory = new AgentMemory(path);
  await memory.take([order(0, 1)], [], [report(memory)], 7);
  await memory.close();
  const before = seen(memory);
  // A closed journal takes nothing, as a full disk.
  const failed = report(memory);
  await expect(memory.take([order(2, 3)], [], [failed], 9)).rejects.toThrow(JournalBroken);
  await expect(Promise.resolve().then(() => memory.start('o-0'))).rejects.toThrow(JournalBroken);
  await expect(Promise.resolve().then(() => memory.end('o-0', report(memory)))).rejects.toThrow(JournalBroken);
  expect(() => memory.child('o-0', { pid: 1, began: '1' })).toThrow(JournalBroken);
  expect(seen(memory)).toEqual(before);
  expect(report(memory).body.sequence).toBe(failed.body.sequence);
});

it('forgets what the service has also when that cannot be written', async () => {
  const path = join(folder(), 'journal');
  const memory = new AgentMemory(path);
  await memory.report(report(memory));
  await memory.close();
  memory.taken([1]);
  expect(memory.reports()).toEqual([]);
  // A restart sends it again, and is answered again.
  expect(await reopened(path, (again) => again.reports().map((one) => one.body.sequence))).toEqual([1]);
});

it('stays small under load, with thousands of orders that come and go', async () => {
  const path = join(folder(), 'journal');
  const memory = new AgentMemory(path);
  const big = 'x'.repeat(400);
  let [from, most] = [0, 0];
  for (let round = 0; round < 60; round++) {
    const ids = Array.from({ length: 50 }, () => from++);
    const orders = ids.map((id) => ({ ...order(id, round + 1), parameters: { a: big, b: big } }));
    await memory.take(orders, [], orders.map(() => report(memory)));
    await Promise.all(ids.map((id) => memory.start(`o-${id}`)));
    await Promise.all(ids.map((id) => memory.end(`o-${id}`, report(memory))));
    memory.taken(memory.reports().map((one) => one.body.sequence));
    most = Math.max(most, statSync(path).size);
  }
  const before = seen(memory, from);
  await memory.close();
  expect(most).toBeGreaterThan(4_000_000);
  expect(most).toBeLessThan(4_600_000);
  expect(await reopened(path, (again) => seen(again, from))).toEqual(before);
  expect(statSync(path).size).toBeLessThan(200_000);
});

it('begins with a journal that it cannot make smaller now', async () => {
  const state = folder();
  const path = join(state, 'journal');
  const memory = new AgentMemory(path);
  await memory.take([order(0, 1)], [], []);
  await memory.close();
  // Where the smaller one would be written there is something that cannot be removed.
  mkdirSync(`${path}.next`);
  writeFileSync(join(`${path}.next`, 'x'), '');
  copyFileSync(path, join(state, 'copy'));
  expect(await reopened(path, (again) => again.find('o-0')?.order.epoch)).toBe(1);
  expect(readFileSync(path)).toEqual(readFileSync(join(state, 'copy')));
});
