import { existsSync } from 'node:fs';
import { listBackups } from '../backup/shelf.js';
import type { Run } from '../command.js';
import type { Context } from '../context.js';
import { type Check, check, healthOf, linesOf, problemsIn } from '../health/check.js';
import {
  backupsCheck, binaryCheck, historyCheck, keyCheck, permissionsCheck, settingsCheck,
} from '../health/installation.js';
import { memoryCheck, nodeCheck, storageCheck } from '../health/machine.js';
import { metricsStorageCheck } from '../health/metrics.js';
import { shown } from '../home.js';
import { withLock } from '../lock.js';
import { misuse } from '../refusal.js';
import { openSettings } from '../settings/store.js';
import { quotaLimit, usedBytes } from '../quota.js';

const kinds = ['--full', '--post-upgrade', '--report'];
const marks = { healthy: '✅ healthy', degraded: '⚠️  degraded', unhealthy: '❌ unhealthy' };

export const run: Run = async (context, { options }) => {
  const chosen = kinds.filter((kind) => options.has(kind));
  if (chosen.length > 1) throw misuse(`${chosen.join(' and ')} exclude each other`);
  const kind = chosen[0]?.slice(2) ?? 'basic';
  const { release, home: { environment } } = context;
  const checks = await lockedChecks(context, kind);
  const health = healthOf(checks);
  const report = kind === 'report' ? { report: reportOf(context) } : {};
  const lines = Object.entries(report.report ?? {}).map(([name, value]) => `${name}: ${value}`);
  return {
    ok: health !== 'unhealthy',
    facts: { health, kind, version: release.version, environment, problems: problemsIn(checks), checks, ...report },
    lines: [...lines, ...linesOf(checks, `${marks[health]} (${release.version}${environment ? `, ${environment}` : ''})`)],
  };
};

async function lockedChecks(context: Context, kind: string): Promise<Check[]> {
  let checks: Check[] | undefined;
  try {
    return await withLock(context.home, () => Promise.resolve((checks = checksOf(context, kind))));
  } catch (error) {
    const lock = check('lock', () => {
      throw error;
    });
    return [...(checks ?? checksOf(context, kind)), lock];
  }
}

function checksOf(context: Context, kind: string): Check[] {
  // Before the settings are looked at, because a start after an upgrade converts them.
  const started = kind === 'post-upgrade' ? [startCheck(context)] : [];
  const basic = [settingsCheck(context), keyCheck(context), binaryCheck(context), permissionsCheck(context)];
  switch (kind) {
    case 'post-upgrade': {
      const metrics = context.release.metrics === null ? [] : [metricsStorageCheck(context)];
      return [...started, ...basic, historyCheck(context), ...metrics];
    }
    case 'full':
    case 'report':
      return [
        ...basic, historyCheck(context), backupsCheck(context),
        storageCheck(context), memoryCheck(), nodeCheck(),
      ];
    default:
      return basic;
  }
}

function startCheck(context: Context): Check {
  return check('start', () => {
    openSettings(context);
    return `${context.release.version} works with the settings`;
  });
}

function reportOf({ home }: Context): Record<string, string | number> {
  const limit = quotaLimit(home);
  return {
    home: home.root,
    settings: existsSync(home.settings) ? shown(home, home.settings) : 'missing',
    usedBytes: usedBytes(home.root),
    quotaBytes: limit ?? 'none',
    backups: listBackups(home.backups).length,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}
