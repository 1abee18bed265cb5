import { spawnSync } from 'node:child_process';
import { runProcess } from './machine.js';

/** An event as an independent consumer reads it: kcat, which shares no code with us. */
export interface TopicEvent {
  partition: number;
  key: string;
  position: number;
  stream: string;
  version: number;
  sequence: number;
}

export const kcatMissing = spawnSync('kcat', ['-V']).status === 0 ? undefined : 'kcat is not installed';

/** All that lies on the topic of events, each partition in its order. */
export async function readEventsTopic(brokers: string): Promise<TopicEvent[]> {
  const { code, stdout, stderr } = await runProcess('kcat', ['-b', brokers, '-C', '-t', 'rollbook.events.v1', '-e', '-q', '-f', '%p\t%k\t%h\n']);
  if (code !== 0) throw new Error(`kcat ended with ${code}: ${stderr}`);
  return stdout.split('\n').filter((line) => line !== '').map((line) => {
    const [partition, key, text] = line.split('\t') as [string, string, string];
    const headers = Object.fromEntries(text.split(',').map((pair) => pair.split(/=(.*)/s).slice(0, 2))) as { [name: string]: string };
    return {
      partition: Number(partition), key, position: Number(headers['ce_position']), stream: headers['ce_subject']!,
      version: Number(headers['ce_streamversion']), sequence: Number(headers['ce_partitionsequence']),
    };
  });
}

/** The numbers in the order in which each was first seen: what is left when a reader drops what it has had. */
export function firstSeen<T>(items: readonly T[], numberOf: (item: T) => number): number[] {
  return [...new Set(items.map(numberOf))];
}

export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

export const oneTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);
