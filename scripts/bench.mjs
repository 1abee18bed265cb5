#!/usr/bin/env node
// npm run bench: makes the checkout ready, then measures one thing. Arguments go to the benches.
import { prepare } from './prepare.mjs';

try {
  await prepare();
} catch (error) {
  process.stderr.write(`rollbook: ${error.message}\n`);
  process.exit(1);
}
await import('../test/bench/main.mjs');
