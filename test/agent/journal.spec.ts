import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { Journal, JournalDamaged } from '../../apps/agent/src/journal/journal.js';
import { testFolders } from '../support/agent-folder.js';

interface Note {
  t: string;
  n: number;
  text?: string;
}

const folder = testFolders('journal');
const nothing = () => [];
const open = (path: string, snapshot: () => Note[] = nothing, compactAt?: number) => Journal.open<Note>(path, snapshot, compactAt);
const note = (n: number, text?: string): Note => ({ t: 'n', n, ...(text === undefined ? {} : { text }) });
const numbers = (records: readonly Note[]) => records.map((one) => one.n);

/** What a new process would find. */
async function found(path: string): Promise<Note[]> {
  const { journal, records } = open(path);
  await journal.close();
  return records;
}

it('holds what was written, in order, in a file for its owner alone', async () => {
  const path = join(folder(), 'journal');
  const { journal, records } = open(path);
  expect(records).toEqual([]);
  await journal.append(note(1, 'ü💾\n"\u2028'), note(2));
  journal.note(note(3));
  await journal.append(note(4));
  await journal.close();
  expect(await found(path)).toEqual([note(1, 'ü💾\n"\u2028'), note(2), note(3), note(4)]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it('has what was noted also when the process ends without a word', async () => {
  const path = join(folder(), 'journal');
  open(path).journal.note(note(1));
  expect(numbers(await found(path))).toEqual([1]);
});

it('drops a last line that was cut off anywhere, and goes on behind the one before', async () => {
  const path = join(folder(), 'journal');
  const { journal } = open(path);
  await journal.append(note(1));
  const whole = statSync(path).size;
  await journal.append(note(2, 'ü'), note(3));
  await journal.close();
  const bytes = readFileSync(path);
  for (let size = whole; size < bytes.length; size++) {
    writeFileSync(path, bytes.subarray(0, size));
    const again = open(path);
    expect(numbers(again.records)).toEqual([1]);
    await again.journal.append(note(9));
    await again.journal.close();
    expect(numbers(await found(path))).toEqual([1, 9]);
  }
});

it('keeps records that were written together, or none of them', async () => {
  const path = join(folder(), 'journal');
  const { journal } = open(path);
  await journal.append(note(1));
  const before = statSync(path).size;
  await journal.append(note(2), note(3));
  await journal.close();
  for (let size = before + 1; size < statSync(path).size; size++) {
    writeFileSync(`${path}.cut`, readFileSync(path).subarray(0, size));
    expect(numbers(await found(`${path}.cut`))).toEqual([1]);
  }
});

it('drops what a power cut left of a file: zeros at its end', async () => {
  const path = join(folder(), 'journal');
  const { journal } = open(path);
  await journal.append(note(1));
  await journal.close();
  appendFileSync(path, Buffer.alloc(4096));
  expect(numbers(await found(path))).toEqual([1]);
  expect(readFileSync(path).includes(0)).toBe(false);
});

it('does not begin with a file that is damaged in the middle, and leaves it as it is', async () => {
  const path = join(folder(), 'journal');
  const { journal } = open(path);
  for (let n = 1; n <= 5; n++) await journal.append(note(n, 'x'.repeat(20)));
  await journal.close();
  const good = readFileSync(path);
  const fourLines = good.toString().split('\n').slice(0, 4).join('\n').length;
  fc.assert(fc.property(fc.nat(fourLines - 1), fc.nat(7), (at, bit) => {
    const bad = Buffer.from(good);
    bad[at]! ^= 1 << bit;
    writeFileSync(path, bad);
    expect(() => open(path)).toThrow(JournalDamaged);
    expect(readFileSync(path)).toEqual(bad);
  }), { numRuns: 100 });
  writeFileSync(path, Buffer.concat([good.subarray(0, 40), good.subarray(60)]));
  expect(() => open(path)).toThrow(/is damaged at line 1: restore the file, or move it away/);
});

it('shares one sync among callers that come together', async () => {
  const { journal } = open(join(folder(), 'journal'));
  let [turns, running] = [0, true];
  const turn = () => void (turns++, running && setImmediate(turn));
  turn();
  // What one sync serves is served in one turn; 300 syncs of their own would take as many.
  const served = new Set<number>();
  await Promise.all(Array.from({ length: 300 }, (_, n) => journal.append(note(n)).then(() => served.add(turns))));
  running = false;
  expect(served.size).toBeLessThanOrEqual(2);
  await journal.close();
});

describe('a rewritten journal', () => {
  it('holds the snapshot and what came after, and is smaller', async () => {
    const path = join(folder(), 'journal');
    let last = 0;
    const { journal } = open(path, () => [note(last)], 2_000);
    for (last = 1; last <= 500; last++) await journal.append(note(last));
    await journal.close();
    const records = numbers(await found(path));
    expect(statSync(path).size).toBeLessThan(5_000);
    expect(records.at(-1)).toBe(500);
    expect(records).toEqual(Array.from({ length: records.length }, (_, i) => records[0]! + i));
    expect(existsSync(`${path}.next`)).toBe(false);
  });

  it('loses nothing of what is written at the same time: its state is that of a model, at any moment', async () => {
    const action = fc.oneof(
      fc.record({ set: fc.integer({ min: 0, max: 9 }), to: fc.nat(99), wait: fc.boolean() }),
      fc.record({ set: fc.integer({ min: 0, max: 9 }), to: fc.nat(99), wait: fc.constant(false), note: fc.constant(true) }),
    );
    await fc.assert(fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 120 }), fc.integer({ min: 50, max: 1_000 }), async (actions, compactAt) => {
      const path = join(folder(), 'journal');
      const model = new Map<number, number>();
      const state = () => [...model].map(([n, text]) => note(n, String(text)));
      const { journal } = open(path, state, compactAt);
      const waiting: Promise<void>[] = [];
      for (const one of actions) {
        const record = note(one.set, String(one.to));
        if ('note' in one) journal.note(record);
        else waiting.push(journal.append(record));
        model.set(one.set, one.to);
        if (one.wait) await Promise.all(waiting.splice(0));
        // As after kill -9 at this moment.
        if (one.to % 10 === 0) expect(stateIn(path)).toEqual(new Map(model));
      }
      await Promise.all(waiting);
      await journal.close();
      expect(stateIn(path)).toEqual(model);
    }), { numRuns: 60 });
  }, 120_000);

  /** Replayed from the file as it is now, which is left alone. */
  function stateIn(path: string): Map<number, number> {
    const copy = `${path}.copy`;
    writeFileSync(copy, readFileSync(path));
    const { journal, records } = open(copy);
    void journal.close();
    return new Map(records.map((one) => [one.n, Number(one.text)]));
  }
});
