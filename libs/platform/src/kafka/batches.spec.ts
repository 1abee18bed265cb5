import fc from 'fast-check';
import { largestRecordBytes, recordBytes, splitBatches } from './batches.js';
import type { OutgoingRecord } from './records.js';

const record = (size: number): OutgoingRecord => ({ topic: 't', key: 'k', value: Buffer.alloc(size) });

describe('splitBatches', () => {
  it('keeps every record and its order, and each batch within both limits or a single record', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 60 });
    fc.assert(
      fc.property(
        sizes,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 900 }),
        (given, records, bytes) => {
          const all = given.map(record);
          const batches = splitBatches(all, { records, bytes });
          expect(batches.flat()).toEqual(all);
          for (const batch of batches) {
            const size = batch.reduce((sum, one) => sum + recordBytes(one), 0);
            expect(batch.length).toBeLessThanOrEqual(records);
            expect(batch.length === 1 || size <= bytes).toBe(true);
          }
        },
      ),
    );
  });

  it('fills a batch up to the limit', () => {
    expect(splitBatches(Array.from({ length: 1_001 }, () => record(1))).map(({ length }) => length)).toEqual([
      500, 500, 1,
    ]);
    expect(
      splitBatches(Array.from({ length: 10 }, () => record(200_000))).map(({ length }) => length),
    ).toEqual([3, 3, 3, 1]);
    expect(splitBatches([])).toEqual([]);
  });

  it('refuses a record that no broker takes, before anything is sent', () => {
    expect(() => splitBatches([record(1), record(largestRecordBytes)])).toThrow(RangeError);
  });

  it('counts bytes, not characters', () => {
    const headers = { café: 'ü' };
    const grown = recordBytes({ topic: 't', key: 'ключ', value: Buffer.alloc(0), headers });
    expect(grown - recordBytes({ topic: 't', key: '', value: Buffer.alloc(0) })).toBe(8 + 10 + 5 + 2);
  });
});
