#!/usr/bin/env node
// Runs the suite and ends with one line that counts it. Arguments go to jest.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'rollbook-result-'));
const result = join(folder, 'result.json');
const types = run([join(root, 'node_modules/typescript7/bin/tsc'), '-p', 'tsconfig.json']);
if (types !== 0) process.exit(types);
const status = run([
  '--experimental-vm-modules', '--disable-warning=ExperimentalWarning', join(root, 'node_modules/jest/bin/jest.js'),
  '--json', `--outputFile=${result}`, ...process.argv.slice(2),
]);
const { numPassedTests, numFailedTests, numPendingTests, numTotalTests, numFailedTestSuites } = read();
rmSync(folder, { recursive: true, force: true });
// A suite that cannot even be loaded has no failed test of its own.
const failed = Math.max(numFailedTests, numFailedTestSuites > 0 ? 1 : 0);
process.stdout.write(`${numPassedTests} passed, ${failed} failed, ${numPendingTests} skipped\n`);
process.exit(status === 0 && numTotalTests > 0 ? 0 : status || 1);

function run(args) {
  return spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] }).status ?? 1;
}

function read() {
  try {
    return JSON.parse(readFileSync(result, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, numTotalTests: 0, numFailedTestSuites: 0 };
  }
}
