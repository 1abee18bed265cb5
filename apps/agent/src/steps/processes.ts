import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { pause, processBegan } from '#platform';
import type { Child } from '../journal/memory.js';

/** The variable by which the processes of an order are known, whoever their parent is by now. */
export const orderVariable = 'ROLLBOOK_ORDER';

const endLimitMs = 10_000;

type Ended = 'none' | 'ended' | 'stuck';

/**
 * Ends what is left of a command that was started for an order, by this agent or one before it. `stuck`: it cannot be
 * ended, and nothing may run beside it.
 */
export function endLeftOver(order: string, child: Child | undefined, limitMs = endLimitMs): Promise<Ended> {
  return endAll(() => leftOver(order, child), limitMs);
}

/** The same for all whose mark begins so. */
export function endLeftOvers(prefix: string, limitMs = endLimitMs): Promise<Ended> {
  return endAll(() => processesWith((mark) => mark.startsWith(prefix)), limitMs);
}

async function endAll(find: () => number[], limitMs: number): Promise<Ended> {
  let found = false;
  for (const until = performance.now() + limitMs; performance.now() < until; await pause(10)) {
    const left = find();
    if (left.length === 0) return found ? 'ended' : 'none';
    found = true;
    for (const pid of left) kill(pid);
  }
  return 'stuck';
}

/** What to kill: its group as a negative number while its leader lives, and the processes that carry its order. */
function leftOver(order: string, child: Child | undefined): number[] {
  const now = child && processBegan(child.pid);
  // Where there is no telling who carries what, nothing tells a group whose leader is gone from one that was given the same number since.
  const group = child && now !== undefined && now === child.began ? [-child.pid] : [];
  return [...group, ...processesWith((mark) => mark === order)];
}

function processesWith(wanted: (mark: string) => boolean): number[] {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc').map(Number).filter((pid) => pid > 0 && pid !== process.pid && wanted(markOf(pid)));
}

/** A process that has ended and still waits for its parent to notice has no environment any more. */
function markOf(pid: number): string {
  try {
    const variable = `${orderVariable}=`;
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').find((one) => one.startsWith(variable))?.slice(variable.length) ?? '';
  } catch {
    // Gone, or somebody else's.
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone meanwhile.
  }
}
