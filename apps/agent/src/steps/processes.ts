import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { pause } from '#platform';
import type { Child } from '../journal/memory.js';

/** When a process began, as the system tells it; with the number it names one process for good. */
export function processBegan(pid: number): string | undefined {
  const stat = `/proc/${pid}/stat`;
  if (existsSync('/proc/self/stat')) {
    try {
      // Behind the name in brackets, which may hold anything; the start time is field 22 of proc(5).
      const fields = readFileSync(stat, 'utf8').replace(/^.*\) /s, '').split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  const asked = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return asked.status === 0 ? asked.stdout.trim() : undefined;
}

/**
 * Ends what is left of a command that an agent before this one had started, with its group; resolves when it is gone.
 * Its leader may have ended already: the group's number is not given to another while a member lives.
 */
export async function endLeftOver({ pid, began }: Child): Promise<boolean> {
  const now = processBegan(pid);
  if (now !== undefined && now !== began) return false;
  let alive = false;
  for (;;) {
    try {
      process.kill(-pid, 'SIGKILL');
      alive = true;
    } catch {
      return alive;
    }
    await pause(10);
  }
}
