import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { clearBootCache } from '../boot.js';
import { type Home, shown } from '../home.js';
import { withLock } from '../lock.js';
import { requireWritable } from '../permissions.js';
import { askInstalled } from '../program.js';
import { Refusal } from '../refusal.js';
import { type Release, isNewer, releaseNamed } from '../releases.js';
import type { Result } from '../tool.js';
import { readContent, writeWhole } from '../writes.js';
import { type Source, fetchRelease } from './source.js';

export interface InstallWish {
  home: Home;
  release: Release;
  sha256: string;
  source: Source;
  upgrade: boolean;
  force: boolean;
}

/** Puts the release in place in one move, lets it convert its settings, and goes back when it does not work. */
export async function install(wish: InstallWish): Promise<Result> {
  const { home, release, sha256, force } = wish;
  const before = installedVersion(home);
  refuseUnfit(wish, before);
  if (before === release.version && !force && readContent(home.binary).sha256 === sha256) {
    return { exit: 0, facts: { installed: true, version: before, from: before, changed: false, migrated: false, manual: [] }, lines: [`✅ ${before} is installed already`] };
  }
  requireWritable(home, home.binary);
  const bytes = await fetchRelease(wish.source, release.version, sha256);
  const previous = await withLock(home, () => Promise.resolve(swap(home, bytes, force)));
  try {
    const settled = settle(home, before, release);
    rmSync(previous, { force: true });
    return settled;
  } catch (error) {
    if (existsSync(previous)) renameSync(previous, home.binary);
    else rmSync(home.binary, { force: true });
    throw error;
  }
}

/** What the installed program says of itself, as a person would ask it. */
export function installedVersion(home: Home): string | undefined {
  if (!existsSync(home.binary)) return undefined;
  return /^(v\S+)\s*$/.exec(askInstalled(home, ['--version']).stdout)?.[1];
}

function refuseUnfit({ home, release, upgrade }: InstallWish, before: string | undefined): void {
  if (!upgrade) return;
  if (!existsSync(home.binary)) {
    throw new Refusal('not-installed', `${shown(home, home.binary)} is not there`, 'Run the installer without --upgrade.');
  }
  const old = before === undefined ? undefined : releaseNamed(before);
  if (old && isNewer(old, release)) {
    throw new Refusal('would-downgrade', `${before} is newer than ${release.version}`, `Say --version=${release.version} to go back to it.`);
  }
}

/** Keeps the old program beside the new one until the new one has shown that it works. Returns where. */
function swap(home: Home, bytes: Buffer, force: boolean): string {
  const previous = join(home.cache, 'previous', 'orchat');
  rmSync(previous, { force: true });
  if (existsSync(home.binary)) {
    mkdirSync(dirname(previous), { recursive: true });
    copyFileSync(home.binary, previous);
  }
  writeWhole(home, home.binary, bytes, 0o755);
  if (force) clearBootCache(home);
  return previous;
}

function settle(home: Home, before: string | undefined, release: Release): Result {
  const { version } = release;
  const said = installedVersion(home);
  if (said !== version) {
    throw new Refusal('version-mismatch', `the installed program says ${said ?? 'nothing'} instead of ${version}`, 'Remove ~/.cache/orchat and run the installer with --force.');
  }
  const facts = { installed: true, version, from: before ?? null, changed: true };
  const done = [`✅ ${version} is installed`];
  if (!existsSync(home.settings)) return { exit: 0, facts: { ...facts, migrated: false, manual: [] }, lines: [...done, 'Run orchat --setup to write its settings.'] };
  const { exit, json, stderr } = askInstalled(home, ['--check-migration', '--json']);
  // Settings that nobody can read are told by the health check; the program is in place nevertheless.
  const manual = exit === 0 ? (json.manual as string[]) : [stderr.trim()];
  if (manual.length > 0) return { exit: 3, facts: { ...facts, migrated: false, manual }, lines: [...done, ...manual.map((reason) => `By hand: ${reason}`)] };
  if (json.needed !== true) return { exit: 0, facts: { ...facts, migrated: false, manual }, lines: done };
  const migrated = askInstalled(home, ['--migrate-config', `--to=${version}`, '--json']);
  if (migrated.exit !== 0) throw new Refusal('migration-failed', migrated.stderr.trim(), 'What was installed before is in place again.');
  const { fromSchema, toSchema } = migrated.json;
  return { exit: 0, facts: { ...facts, migrated: true, manual, fromSchema, toSchema }, lines: [...done, `settings: schema ${String(fromSchema)} to ${String(toSchema)}`] };
}
