import type { Run } from '../command.js';
import { healthOf, linesOf, problemsIn } from '../health/check.js';
import { permissionsCheck } from '../health/installation.js';
import {
  bytesFree, bytesOfMemory, memoryCheck, nodeCheck, roomNeeded, storageCheck,
} from '../health/machine.js';

export const run: Run = (context) => {
  const checks = [storageCheck(context), memoryCheck(), permissionsCheck(context), nodeCheck()];
  const ok = healthOf(checks) !== 'unhealthy';
  const { disk, quota } = bytesFree(context);
  const facts = {
    version: context.release.version,
    problems: problemsIn(checks),
    checks,
    diskFreeBytes: disk,
    quotaLeftBytes: Number.isFinite(quota) ? quota : null,
    neededBytes: roomNeeded(context),
    memoryFreeBytes: bytesOfMemory(),
    node: process.version,
  };
  const verdict = ok ? '✅ this system can run orchat' : '❌ this system needs attention';
  return { ok, facts, lines: linesOf(checks, verdict) };
};
