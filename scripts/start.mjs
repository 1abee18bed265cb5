#!/usr/bin/env node
// npm start: makes the checkout ready, then runs all of Rollbook on this machine in this very process.
import { prepare } from './prepare.mjs';

try {
  await prepare();
} catch (error) {
  process.stderr.write(`rollbook: ${error.message}\n`);
  process.exit(1);
}
process.argv.splice(2, 0, 'up');
await import('../dist/apps/cli/src/main.js');
