import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** When a process began, as the system tells it; with the number it names one process for good. Undefined when it has ended. */
export function processBegan(pid: number): string | undefined {
  if (existsSync('/proc/self/stat')) {
    const [state, ...fields] = statOf(pid) ?? [];
    return state === ended ? undefined : fields[18];
  }
  const asked = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return asked.status === 0 ? asked.stdout.trim() : undefined;
}

/** Whether a process is at work. One that has ended stays known by its number until its parent has noticed. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return statOf(pid)?.[0] !== ended;
}

/** The state of a process that has ended and whose parent has not noticed yet. */
const ended = 'Z';

/** The fields of proc(5) from the state on, which is the third. Undefined where there are none to see. */
function statOf(pid: number): string[] | undefined {
  try {
    // Behind the name in brackets, which may hold anything.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
  } catch {
    return undefined;
  }
}
