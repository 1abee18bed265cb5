import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Home, shown } from '../home.js';
import { askInstalled } from '../program.js';
import type { Release } from '../releases.js';
import { readContent } from '../writes.js';
import { type Check, must } from './check.js';

export function installationChecks(): Check[] {
  return [
    ['version', ({ home, release }) => {
      const said = askInstalled(home, ['--version']).stdout.trim();
      must(said === release.version, `the program says ${said} instead of ${release.version}`);
      return said;
    }],
    ['digest', ({ home, sha256 }) => {
      const found = readContent(home.binary).sha256;
      must(found === sha256, `${shown(home, home.binary)} has the digest ${found} instead of ${sha256}`);
      return found;
    }],
    ['executable', ({ home }) => {
      must((modeOf(home.binary) & 0o111) === 0o111, `${shown(home, home.binary)} is not executable by all`);
      return modeOf(home.binary).toString(8);
    }],
    ['health', ({ home }) => {
      const { json } = askInstalled(home, ['health-check', '--full', '--json']);
      must(json.health === 'healthy', `${String(json.health)}: ${JSON.stringify(json.problems)}`);
      return 'healthy';
    }],
  ];
}

export function securityChecks({ key }: Release): Check[] {
  const placed: Check = ['key-place', ({ home }) => {
    const path = join(home.config, key);
    must(existsSync(path), `${shown(home, path)} is not there`);
    const old = join(home.config, 'config');
    must(key === 'config' || !existsSync(old), `${shown(home, old)} is still there`);
    return shown(home, path);
  }];
  const closed: Check = ['key-mode', ({ home }) => closedTo(home, join(home.config, key), 0o600)];
  const folder: Check = ['key-folder', ({ home }) => closedTo(home, dirname(join(home.config, key)), 0o700)];
  return [placed, closed, folder];
}

function closedTo(home: Home, path: string, mode: number): string {
  must(modeOf(path) === mode, `${shown(home, path)} has the mode ${modeOf(path).toString(8)} instead of ${mode.toString(8)}`);
  return mode.toString(8);
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}
