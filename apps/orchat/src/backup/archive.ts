import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Home, isInside, shown } from '../home.js';
import { requireWritable } from '../permissions.js';
import { requireRoom } from '../quota.js';
import { Refusal } from '../refusal.js';
import type { Release } from '../releases.js';
import { draftOf, makeFolder, syncFolder } from '../writes.js';
import { type FileEntry, type Manifest, digestOf, manifestOf, parseManifest } from './manifest.js';
import { entryInPlace } from './put-back.js';
import { type Scope, filesIn, isIn } from './scope.js';
import { damaged } from './shelf.js';

export interface Archive {
  file: string;
  manifest: Manifest;
}

/** An archive unpacked beside the home for as long as somebody works with it. */
export interface Unpacked extends Archive {
  folder: string;
}

const manifestName = 'orchat-archive.json';

export function archiveFile(place: string, name: string): string {
  return join(place, `orchat-${name}.tar.gz`);
}

/** Packs whole files into one archive outside of what an uninstall removes, and reads it back before it counts. */
export function createArchive(home: Home, release: Release, place: string, name: string, scope: Scope): Archive {
  const file = archiveFile(place, name);
  if (existsSync(file)) {
    const next = 'Choose another name, or look at it with orchat backup verify --archive.';
    throw new Refusal('backup-exists', `${shown(home, file)} exists already`, next, { name });
  }
  const entries = filesIn(home, scope).flatMap((path) => entryInPlace(home, path) ?? []);
  if (entries.length === 0) {
    throw new Refusal('nothing-to-back-up', 'this home has no orchat files', 'Run orchat --setup first.');
  }
  makeFolder(home, place);
  requireWritable(home, file);
  requireRoom(home, file, entries.reduce((sum, entry) => sum + entry.bytes, 0));
  const manifest = manifestOf(name, release.version, new Date(), entries);
  const draft = draftOf(file);
  try {
    pack(home, draft, manifest);
    withUnpacked(draft, name, () => undefined);
    renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
  syncFolder(dirname(file));
  return { file, manifest };
}

function pack(home: Home, draft: string, manifest: Manifest): void {
  const folder = mkdtempSync(join(tmpdir(), 'orchat-archive-'));
  try {
    writeFileSync(join(folder, manifestName), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
    const list = manifest.files.map(({ path }) => `${path}\0`).join('');
    const args = ['--create', '--gzip', '--dereference', '--no-recursion', `--file=${draft}`, '-C', folder, manifestName];
    // The names come in by a list, so that none of them is taken for an option.
    tar([...args, '-C', home.root, '--null', '-T', '-'], list);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function tar(args: string[], input = ''): void {
  const { status, stderr, error } = spawnSync('tar', args, { input, encoding: 'utf8', env: { PATH: process.env.PATH, LC_ALL: 'C' } });
  if (status === 0) return;
  const reason = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
  throw new Refusal('archive-failed', `tar did not do it: ${reason}`, 'Look for tar and for room on the disk, then try again.');
}

/** The archive of that name, each of its files read again; refuses a damaged one. */
export function withArchive<T>(home: Home, place: string, name: string, use: (unpacked: Unpacked) => T): T {
  const file = archiveFile(place, name);
  if (existsSync(file)) return withUnpacked(file, name, use);
  const next = 'Name the place with --destination=DIR.';
  throw new Refusal('backup-not-found', `there is no archive ${shown(home, file)}`, next, { name, status: 'missing' });
}

function withUnpacked<T>(file: string, name: string, use: (unpacked: Unpacked) => T): T {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'orchat-archive-')));
  try {
    try {
      tar(['--extract', '--gzip', '--no-same-owner', '-p', `--file=${file}`, '-C', folder]);
    } catch (error) {
      throw damaged(name, [(error as Error).message]);
    }
    const path = join(folder, manifestName);
    const allowed = (one: string) => isIn('everything', one);
    const manifest = existsSync(path) ? parseManifest(readFileSync(path, 'utf8'), name, allowed) : 'it holds no list of its files';
    if (typeof manifest === 'string') throw damaged(name, [manifest]);
    checkFiles(folder, manifest);
    return use({ file, folder, manifest });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function checkFiles(folder: string, { name, files, sha256 }: Manifest): void {
  const found: FileEntry[] = [];
  const problems: string[] = [];
  for (const { path, ...said } of files) {
    const entry = isOwn(folder, path) ? entryInPlace({ root: folder }, path) : undefined;
    if (entry) found.push(entry);
    if (entry?.sha256 !== said.sha256) problems.push(`${path} is ${entry ? 'not as it was packed' : 'missing'}`);
  }
  const read = digestOf(found);
  if (problems.length > 0 || read !== sha256) throw damaged(name, problems.length > 0 ? problems : ['a mode has changed'], { sha256: read });
}

/** A link in an archive could lead anywhere. */
function isOwn(folder: string, path: string): boolean {
  const full = join(folder, path);
  return statSync(full, { throwIfNoEntry: false }) !== undefined && realpathSync(full) === full && isInside(folder, full);
}
