import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { listBackups } from '../backup/shelf.js';
import type { Context } from '../context.js';
import { isPackaged, shown } from '../home.js';
import { allEntries, requireReadable } from '../history/store.js';
import { unwritable } from '../permissions.js';
import { keyPath, misplacedKey } from '../settings/key.js';
import { describeShape } from '../settings/rules.js';
import { inspectSettings } from '../settings/store.js';
import { type Check, type Status, check } from './check.js';

export function settingsCheck(context: Context): Check {
  return check('settings', () => {
    const { settings, problems, pending } = inspectSettings(context);
    if (settings === undefined || problems.length > 0) return ['fail', problems.join('; ')];
    return `${describeShape(settings.shape)}${pending ? ', converted at the next start that writes' : ''}`;
  });
}

export function keyCheck({ home, release }: Context): Check {
  return check('key', () => {
    const path = keyPath(home, release);
    if (!existsSync(path)) {
      const elsewhere = misplacedKey(home, release);
      if (elsewhere === undefined) return ['warn', 'no API key; run orchat --setup with ORCHAT_API_KEY set'];
      // A release that moves the key does so with the settings, so a key still to be moved is no fault.
      const place = shown(home, elsewhere);
      if (release.key === 'secure/key.enc') return `${place}, moved at the next start that writes`;
      return ['warn', `${place}, where ${release.version} does not look for it`];
    }
    const mode = statSync(path).mode & 0o777;
    if ((mode & 0o077) === 0) return shown(home, path);
    return ['warn', `${shown(home, path)} is open to others; run chmod 600 ${shown(home, path)}`];
  });
}

export function binaryCheck({ home, self }: Context): Check {
  return check('binary', () => {
    // A package manager keeps the program in a place of its own.
    const path = existsSync(home.binary) || !isPackaged(self) ? home.binary : self;
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return ['warn', `${shown(home, path)} is not there`];
    if ((stat.mode & 0o100) !== 0) return shown(home, path);
    return ['fail', `${shown(home, path)} is not executable; run chmod +x`];
  });
}

/** Looks at every place that orchat must write, at the mode bits too, which do not stop the superuser. */
export function permissionsCheck({ home }: Context): Check {
  return check('permissions', () => {
    const places = [
      join(home.binary, '..'), home.config, home.settings, join(home.config, 'secure'), home.backups,
      home.history, home.cache, join(home.log, '..'), home.log, home.metrics,
    ];
    const closed = new Set(places.flatMap((path) => unwritable(path) ?? []));
    if (closed.size === 0) return 'every place that orchat writes may be written';
    const names = [...closed].map((path) => shown(home, path));
    return ['fail', `no write permission: ${names.join(', ')}; run chmod u+w on it, or chown it to yourself`];
  });
}

export function historyCheck({ home, release }: Context): Check {
  return check('history', () => {
    requireReadable(home, release);
    return `${allEntries(home).length} entries`;
  });
}

export function backupsCheck({ home }: Context): Check {
  return check('backups', () => {
    const backups = listBackups(home.backups);
    const bad = backups.filter(({ status }) => status === 'damaged').map(({ name }) => name);
    const status: Status = bad.length > 0 ? 'warn' : 'pass';
    return [status, bad.length > 0 ? `damaged: ${bad.join(', ')}` : `${backups.length} complete`];
  });
}
