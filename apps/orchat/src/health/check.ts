import { Refusal } from '../refusal.js';

export type Status = 'pass' | 'warn' | 'fail';

export interface Check {
  name: string;
  status: Status;
  message: string;
}

export type Health = 'healthy' | 'degraded' | 'unhealthy';

export function healthOf(checks: readonly Check[]): Health {
  if (checks.some(({ status }) => status === 'fail')) return 'unhealthy';
  return checks.some(({ status }) => status === 'warn') ? 'degraded' : 'healthy';
}

/** Runs one check. A check that cannot be made has failed: nothing unknown counts as good. */
export function check(name: string, look: () => string | [Status, string]): Check {
  try {
    const found = look();
    const [status, message] = typeof found === 'string' ? ['pass' as const, found] : found;
    return { name, status, message };
  } catch (error) {
    const message = (error as Error).message;
    const advice = error instanceof Refusal ? `. ${error.next}` : '';
    return { name, status: 'fail', message: message + advice };
  }
}

/** What is wrong, one line for each check that did not pass. */
export function problemsIn(checks: readonly Check[]): string[] {
  return checks.filter(({ status }) => status !== 'pass').map(({ name, message }) => `${name}: ${message}`);
}

/** The checks for a person; only the last line bears a mark, so that a search for it finds the verdict. */
export function linesOf(checks: readonly Check[], verdict: string): string[] {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const words = { pass: 'ok  ', warn: 'warn', fail: 'FAIL' };
  const lines = checks.map((one) => `${words[one.status]}  ${one.name.padEnd(width)}  ${one.message}`);
  return [...lines, verdict];
}
