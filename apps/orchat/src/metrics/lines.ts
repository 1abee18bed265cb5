import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from '../home.js';
import { addLines } from '../writes.js';
import type { MetricRecord, Recorder } from './record.js';

/** Metrics as a file of JSON lines that grows with each record. */
export function linesRecorder(home: Home): Recorder {
  const path = join(home.metrics, 'metrics.jsonl');
  return {
    path,
    prepare: () => undefined,
    add: (record) => addLines(home, path, `${JSON.stringify(record)}\n`),
    count: () => readRecords(path).length,
    last: () => readRecords(path).at(-1),
  };
}

function readRecords(path: string): MetricRecord[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as MetricRecord);
}
