import { partitionOf } from './partition.js';

// From org.apache.kafka.common.utils.UtilsTest, testMurmur2.
const javaHashes: Record<string, number> = {
  '21': -973932308,
  foobar: -790332482,
  'a-little-bit-long-string': -985981536,
  'a-little-bit-longer-string': -1486304829,
  lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
  abc: 479470107,
};

describe('partitionOf', () => {
  it('agrees with the Java client', () => {
    for (const [key, hash] of Object.entries(javaHashes)) {
      for (const partitions of [1, 3, 12, 48, 2_147_483_647]) {
        expect(partitionOf(key, partitions)).toBe((hash & 0x7fffffff) % partitions);
      }
    }
  });

  it('takes empty and non-ASCII keys', () => {
    expect(partitionOf('', 12)).toBeGreaterThanOrEqual(0);
    expect(partitionOf('ключ', 12)).toBeLessThan(12);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses %p partitions', (partitions) => {
    expect(() => partitionOf('key', partitions)).toThrow(RangeError);
  });
});
