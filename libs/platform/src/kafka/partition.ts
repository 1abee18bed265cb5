import { createRequire } from 'node:module';

type Murmur2 = (key: string) => number;
let murmur2: Murmur2 | undefined;

/**
 * The partition that a record with this key goes to: murmur2 over the UTF-8 key, like the Java client's and
 * like `KafkaSender`'s own, whose code it is.
 *
 * @param partitions how many partitions the topic has; the answer is from 0 to partitions - 1
 */
export function partitionOf(key: string, partitions: number): number {
  if (!Number.isInteger(partitions) || partitions < 1)
    throw new RangeError(`${partitions} is not a number of partitions`);
  murmur2 ??= createRequire(import.meta.url)('kafkajs/src/producer/partitioners/default/murmur2') as Murmur2;
  // Java's Utils.toPositive: the sign bit goes, the rest stays.
  return (murmur2(key) & 0x7fffffff) % partitions;
}
