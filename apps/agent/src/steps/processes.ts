import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { pause, processBegan } from '#platform';
import type { Child } from '../journal/memory.js';

/** The variable by which the processes of an order are known, whoever their parent is by now. */
export const orderVariable = 'ROLLBOOK_ORDER';

const endLimitMs = 10_000;

/**
 * Ends what is left of a command that an agent before this one had started for an order. `stuck`: it cannot be ended,
 * and nothing may run beside it.
 */
export async function endLeftOver(order: string, child: Child | undefined, limitMs = endLimitMs): Promise<'none' | 'ended' | 'stuck'> {
  let found = false;
  for (const until = performance.now() + limitMs; performance.now() < until; await pause(10)) {
    const left = leftOver(order, child);
    if (left.length === 0) return found ? 'ended' : 'none';
    found = true;
    for (const pid of left) kill(pid);
  }
  return 'stuck';
}

/** What to kill: its group as a negative number while its leader lives, and the processes that carry its order. */
function leftOver(order: string, child: Child | undefined): number[] {
  const now = child && processBegan(child.pid);
  const group = child && now !== undefined && now === child.began ? [-child.pid] : [];
  if (existsSync('/proc/self/environ')) return [...group, ...processesOf(order)];
  // Here nothing tells a group whose leader is gone from one that was given the same number since.
  return group;
}

function processesOf(order: string): number[] {
  return readdirSync('/proc').map(Number).filter((pid) => pid > 0 && pid !== process.pid && carries(pid, order));
}

/** A process that has ended and still waits for its parent to notice has no environment any more. */
function carries(pid: number, order: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`${orderVariable}=${order}`);
  } catch {
    // Gone, or somebody else's.
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone meanwhile.
  }
}
