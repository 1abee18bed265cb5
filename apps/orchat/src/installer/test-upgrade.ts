import { existsSync, rmSync } from 'node:fs';
import { type Home, shown } from '../home.js';
import { askInstalled } from '../program.js';
import { Refusal } from '../refusal.js';
import { type Release, isNewer, releaseNamed } from '../releases.js';
import { withScratchHome } from '../scratch.js';
import type { Result } from '../tool.js';
import { writeWhole } from '../writes.js';
import { installedVersion } from './install.js';
import { type Source, fetchRelease } from './source.js';

export interface TestWish {
  home: Home;
  release: Release;
  sha256: string;
  source: Source;
}

interface Tried {
  name: string;
  ok: boolean;
  message: string;
}

/** Goes the whole way on a copy of the installation, in test mode, and tells what each step of it came to. */
export async function testUpgrade({ home, release, sha256, source }: TestWish): Promise<Result> {
  const from = installedVersion(home);
  if (from === undefined) {
    throw new Refusal('not-installed', `${shown(home, home.binary)} is not there or does not start`, 'Install a release first.');
  }
  const old = releaseNamed(from);
  if (old && isNewer(old, release)) throw new Refusal('would-downgrade', `${from} is newer than ${release.version}`, 'Test an upgrade to a newer release.');
  const bytes = await fetchRelease(source, release.version, sha256);
  const checks = withScratchHome(home, (scratch) => {
    writeWhole(scratch, scratch.binary, bytes, 0o755);
    return tryOut(scratch, from, release);
  });
  const failed = checks.filter(({ ok }) => !ok);
  const facts = { tested: true, suite: 'orchat-test-upgrade', from, version: release.version, total: checks.length, passed: checks.length - failed.length, failed: failed.length, checks };
  const lines = checks.map(({ ok, name, message }) => `${ok ? 'ok  ' : 'FAIL'}  ${name}  ${message}`);
  return { exit: failed.length === 0 ? 0 : 1, facts, lines: [...lines, failed.length === 0 ? `✅ ${from} can go to ${release.version}` : `❌ ${from} cannot go to ${release.version}`] };
}

function tryOut(home: Home, from: string, release: Release): Tried[] {
  const env = { ORCHAT_TEST_MODE: '1' };
  const ask = (name: string, args: string[], good: (json: Record<string, unknown>) => boolean): Tried => {
    const { exit, json, stderr } = askInstalled(home, [...args, '--json'], env);
    return { name, ok: exit === 0 && good(json), message: exit === 0 ? '' : stderr.trim().split('\n').at(-1)! };
  };
  const version = ask('version', ['--version'], (json) => json.version === release.version);
  const settings = convert(home, from, release, ask);
  const settled = [
    ask('settings', ['--validate-config'], (json) => json.valid === true && json.pendingConversion === false),
    ...(release.metrics === null ? [] : [ask('metrics', ['metrics', '--enable'], (json) => json.enabled === true)]),
    ask('health', ['health-check', '--post-upgrade'], (json) => json.health === 'healthy'),
  ];
  const features = release.features.map((feature) => ask(`feature ${feature}`, [`Test ${feature} functionality`], (json) => json.ok === true));
  return [version, ...settings, ...settled, ...features];
}

/** By the way that the release itself asks for: converted, or set up afresh where it converts nothing. */
function convert(home: Home, from: string, release: Release, ask: (name: string, args: string[], good: () => boolean) => Tried): Tried[] {
  const args = ['--migrate-config', `--from=${from}`, `--to=${release.version}`];
  const { json } = askInstalled(home, [...args, '--json']);
  if (json.code !== 'fresh-install') return [ask('migration', args, () => true)];
  if (existsSync(home.settings)) rmSync(home.settings);
  return [ask('fresh settings', ['--setup'], () => true)];
}
