import type { AppendItem, AppendResult } from '../contract.js';

/** An item that waits for its place in a statement. */
export interface Waiting {
  item: AppendItem;
  bodies: Buffer[];
  bytes: number;
  resolve(result: AppendResult): void;
  reject(error: unknown): void;
}

/** What one statement holds at most. Larger ones only make the others wait longer. */
export const batchLimits = { events: 1_000, bytes: 2 * 1024 * 1024 } as const;

/**
 * Takes from the front of the queue the items that one statement can judge independently of each other, and leaves the
 * rest in order. Items of one call are judged against the same past, so an item that could see another's effect waits
 * for the next call: the same command, a stream written twice (unless both take any version), a guard on a written stream.
 */
export function takeBatch(queue: Waiting[]): Waiting[] {
  const taken: Waiting[] = [];
  const left: Waiting[] = [];
  const seen = new Footprint();
  let events = 0;
  let bytes = 0;
  for (const one of queue) {
    const full = taken.length > 0 && (events + one.bodies.length > batchLimits.events || bytes + one.bytes > batchLimits.bytes);
    if (full || seen.touches(one.item)) {
      left.push(one);
      // Whatever comes later and touches this one's streams must stay behind it.
      seen.block(one.item);
      continue;
    }
    taken.push(one);
    seen.add(one.item);
    events += one.bodies.length;
    bytes += one.bytes;
  }
  queue.splice(0, queue.length, ...left);
  return taken;
}

class Footprint {
  private readonly commands = new Set<string>();
  private readonly writtenAny = new Set<string>();
  private readonly writtenOnce = new Set<string>();
  private readonly guarded = new Set<string>();

  touches(item: AppendItem): boolean {
    if (this.commands.has(item.command) || this.writtenOnce.has(item.stream) || this.guarded.has(item.stream)) return true;
    if (item.expect !== 'any' && this.writtenAny.has(item.stream)) return true;
    return (item.guards ?? []).some((guard) => this.writtenAny.has(guard.stream) || this.writtenOnce.has(guard.stream));
  }

  add(item: AppendItem): void {
    this.commands.add(item.command);
    (item.expect === 'any' ? this.writtenAny : this.writtenOnce).add(item.stream);
    for (const guard of item.guards ?? []) this.guarded.add(guard.stream);
  }

  block(item: AppendItem): void {
    this.commands.add(item.command);
    this.writtenOnce.add(item.stream);
    for (const guard of item.guards ?? []) this.guarded.add(guard.stream);
  }
}
