import { closeSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type Home, shown } from '../home.js';
import { requireWritable } from '../permissions.js';
import { Refusal } from '../refusal.js';
import { writeWhole } from '../writes.js';
import type { MetricRecord, Recorder } from './record.js';

const slotBytes = 256;

/**
 * Metrics as a journal of fixed size, allocated in full, so that recording never fails for want of room.
 * Slot 0 tells how many records were ever written; the records go round the other slots.
 */
export function journalRecorder(home: Home, bytes: number): Recorder {
  const path = join(home.metrics, 'journal.bin');
  const slots = bytes / slotBytes - 1;
  return {
    path,
    prepare: () => {
      if (statSync(path, { throwIfNoEntry: false })?.size === bytes && readHead(path) !== undefined) {
        requireWritable(home, path);
        return;
      }
      const empty = Buffer.alloc(bytes);
      slot({ journal: 1, written: 0 }).copy(empty);
      writeWhole(home, path, empty, 0o600);
    },
    add: (record) => {
      const written = readHead(path)?.written ?? 0;
      writeSlot(path, 1 + (written % slots), slot(record));
      writeSlot(path, 0, slot({ journal: 1, written: written + 1 }));
    },
    count: () => readHead(path)?.written ?? 0,
    last: () => {
      const written = readHead(path)?.written ?? 0;
      if (written === 0) return undefined;
      return readSlot(path, 1 + ((written - 1) % slots)) as MetricRecord | undefined;
    },
  };

  function slot(content: object): Buffer {
    const text = JSON.stringify(content);
    const length = Buffer.byteLength(text);
    if (length > slotBytes) {
      throw new Refusal(
        'record-too-large',
        `a metrics record of ${length} bytes does not fit a slot of ${shown(home, path)}`,
        'Use fewer or shorter metrics labels.',
      );
    }
    return Buffer.concat([Buffer.from(text), Buffer.alloc(slotBytes - length)]);
  }
}

function readHead(path: string): { written: number } | undefined {
  const head = readSlot(path, 0) as { journal?: unknown; written?: unknown } | undefined;
  if (head?.journal !== 1 || !Number.isInteger(head.written)) return undefined;
  return { written: head.written as number };
}

function readSlot(path: string, index: number): unknown {
  if (!statSync(path, { throwIfNoEntry: false })) return undefined;
  const buffer = Buffer.alloc(slotBytes);
  const file = openSync(path, 'r');
  try {
    readSync(file, buffer, 0, slotBytes, index * slotBytes);
  } finally {
    closeSync(file);
  }
  try {
    return JSON.parse(buffer.toString('utf8').replace(/\0+$/, ''));
  } catch {
    return undefined;
  }
}

function writeSlot(path: string, index: number, content: Buffer): void {
  const file = openSync(path, 'r+');
  try {
    writeSync(file, content, 0, slotBytes, index * slotBytes);
  } finally {
    closeSync(file);
  }
}
