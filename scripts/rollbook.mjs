#!/usr/bin/env node
// The command line in a checkout: makes it ready when it is not, then runs it.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const built = fileURLToPath(new URL('../dist/apps/cli/src/main.js', import.meta.url));
if (!existsSync(built)) {
  const { prepare } = await import('./prepare.mjs');
  try {
    await prepare();
  } catch (error) {
    process.stderr.write(`rollbook: ${error.message}\n`);
    process.exit(1);
  }
}
await import(built);
