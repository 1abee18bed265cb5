import { createRequire } from 'node:module';
import { pinnedCopy } from './boot.js';
import { homeOf } from './home.js';
import type { Release } from './releases.js';

/** Set by the build: the release that this artifact is. */
declare const ORCHAT_RELEASE: Release;

const booted = Symbol.for('orchat.booted');

async function main(): Promise<void> {
  const self = process.argv[1]!;
  const args = process.argv.slice(2);
  const copy = Object.hasOwn(globalThis, booted) ? undefined : pinnedCopy(homeOf(process.env), self);
  if (copy !== undefined) {
    // The copy runs in this process, with its id and streams; the mark keeps it from looking for a pin too.
    Object.defineProperty(globalThis, booted, { value: true });
    createRequire(copy)(copy);
  } else if (args.length === 1 && args[0] === '--version') {
    process.stdout.write(`${ORCHAT_RELEASE.version}\n`);
  } else {
    const { run } = await import('./run.js');
    await run(ORCHAT_RELEASE, args, self, process.env);
  }
}

void main();
