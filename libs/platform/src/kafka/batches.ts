import type { OutgoingRecord } from './records.js';

export interface BatchLimits {
  records: number;
  bytes: number;
}

/** Below the broker's message.max.bytes, 1 MiB, which holds for a partition's whole share of a send. */
export const defaultLimits: BatchLimits = { records: 500, bytes: 700 * 1024 };

/** The largest record that goes out: alone in its send it still passes message.max.bytes. */
export const largestRecordBytes = 1_000_000;

// Lengths, attributes, offset and timestamp of a record, and the lengths of a header, are a few bytes each.
const recordOverhead = 32;
const headerOverhead = 10;

/** An upper bound of what the record takes on the wire, uncompressed. */
export function recordBytes({ key, value, headers = {} }: OutgoingRecord): number {
  let bytes = recordOverhead + Buffer.byteLength(key) + value.length;
  for (const [name, text] of Object.entries(headers)) {
    bytes += headerOverhead + Buffer.byteLength(name) + Buffer.byteLength(text);
  }
  return bytes;
}

/**
 * Cuts the records into sends within the limits and keeps their order. A record larger than the byte limit
 * goes alone.
 *
 * @throws RangeError for a record over `largestRecordBytes`, which no broker with default settings would
 *   ever take
 */
export function splitBatches(
  records: OutgoingRecord[],
  limits: BatchLimits = defaultLimits,
): OutgoingRecord[][] {
  const batches: OutgoingRecord[][] = [];
  let bytes = 0;
  for (const record of records) {
    const size = recordBytes(record);
    if (size > largestRecordBytes) {
      throw new RangeError(
        `a record of ${size} bytes for ${record.topic} is over the limit of ${largestRecordBytes}`,
      );
    }
    const last = batches.at(-1);
    if (last && last.length < limits.records && bytes + size <= limits.bytes) {
      last.push(record);
      bytes += size;
    } else {
      batches.push([record]);
      bytes = size;
    }
  }
  return batches;
}
