import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Home, shown } from '../home.js';
import { Refusal, misuse } from '../refusal.js';
import { readContent } from '../writes.js';
import { copyName } from './managed.js';
import { type FileEntry, type Manifest, digestOf, parseManifest } from './manifest.js';

export interface Backup {
  folder: string;
  manifest: Manifest;
}

const namePattern = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/;

export function requireName(name: string): string {
  if (namePattern.test(name)) return name;
  throw misuse(`${JSON.stringify(name)} is no backup name: use up to 100 letters, digits, dots, dashes`);
}

/** The backup of that name; refuses when there is none or its manifest is not sound. */
export function findBackup(home: Home, shelf: string, name: string): Backup {
  const folder = join(shelf, name);
  const path = join(folder, 'manifest.json');
  if (!existsSync(path)) {
    throw new Refusal(
      'backup-not-found',
      `there is no backup ${name} in ${shown(home, shelf)}`,
      'Run orchat backup list to see those that are there.',
      { name, status: 'missing' },
    );
  }
  const manifest = parseManifest(readFileSync(path, 'utf8'), name);
  if (typeof manifest === 'string') throw damaged(name, [manifest]);
  return { folder, manifest };
}

export function damaged(name: string, problems: string[], facts: Record<string, unknown> = {}): Refusal {
  return new Refusal(
    'backup-damaged',
    `backup ${name} is damaged: ${problems.join('; ')}`,
    'Do not restore it; create a new backup or use another one.',
    { name, status: 'damaged', problems, ...facts },
  );
}

export interface Listed {
  name: string;
  status: 'complete' | 'damaged';
  manifest?: Manifest;
}

/** All backups on the shelf, newest first; damaged ones, which have no time, last. */
export function listBackups(shelf: string): Listed[] {
  if (!existsSync(shelf)) return [];
  const listed = readdirSync(shelf)
    .filter((name) => namePattern.test(name) && existsSync(join(shelf, name, 'manifest.json')))
    .sort()
    .map((name): Listed => {
      const manifest = parseManifest(readFileSync(join(shelf, name, 'manifest.json'), 'utf8'), name);
      if (typeof manifest === 'string') return { name, status: 'damaged' };
      return { name, status: 'complete', manifest };
    });
  const time = ({ manifest }: Listed) => manifest?.createdAt ?? '';
  return listed.toReversed().sort((a, b) => (time(a) < time(b) ? 1 : time(a) > time(b) ? -1 : 0));
}

export function latestBackup(home: Home, shelf: string): Backup {
  const latest = listBackups(shelf).find(({ status }) => status === 'complete');
  if (latest) return findBackup(home, shelf, latest.name);
  throw new Refusal(
    'backup-not-found',
    `there is no backup in ${shown(home, shelf)}`,
    'Name another place with --destination=DIR.',
    { status: 'missing' },
  );
}

export interface ReadBack {
  sha256: string;
  problems: string[];
}

/** Reads every copy again and tells the digest of what is really there. */
export function readBack({ folder, manifest }: Backup): ReadBack {
  const problems: string[] = [];
  const found: FileEntry[] = [];
  for (const file of manifest.files) {
    const copy = join(folder, copyName(file.path));
    if (!statSync(copy, { throwIfNoEntry: false })?.isFile()) {
      problems.push(`${file.path} is missing`);
      continue;
    }
    const content = readContent(copy);
    found.push({ ...file, ...content });
    if (content.sha256 !== file.sha256) problems.push(`${file.path} is not as it was copied`);
  }
  return { sha256: digestOf(found), problems };
}
