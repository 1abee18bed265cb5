import { spawnSync } from 'node:child_process';
import { describeNeeding } from './needs.js';

/** Asked once for each test file, before its tests are listed. */
function lack(): string | undefined {
  const { status, error, stderr } = spawnSync('npm', ['ping'], { encoding: 'utf8', timeout: 30_000 });
  return status === 0 ? undefined : `the npm registry was not reached: ${error?.message ?? stderr.trim().split('\n')[0]}`;
}

/** A `describe` that needs the npm registry. Without one it is skipped by name, or fails when ROLLBOOK_REQUIRE_NPM=1. */
export function describeWithNpm(name: string, tests: () => void): void {
  describeNeeding(name, { what: 'the npm registry', reason: lack(), variable: 'ROLLBOOK_REQUIRE_NPM' }, tests);
}
