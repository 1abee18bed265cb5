import { existsSync, mkdirSync, renameSync, rmSync, rmdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { clearBootCache } from '../boot.js';
import { type Home, shown } from '../home.js';
import { requireWritable } from '../permissions.js';
import { Refusal } from '../refusal.js';
import { releases } from '../releases.js';
import { copyFile, draftOf, readContent } from '../writes.js';
import { copyName, managedFiles } from './managed.js';
import { type FileEntry, digestOf } from './manifest.js';
import { type Backup, damaged, readBack } from './shelf.js';

export interface Restored {
  /** The digest of what lies in the home now, computed as a backup's. */
  sha256: string;
  matches: boolean;
  files: FileEntry[];
  replaced: string[];
  removed: string[];
}

/** Brings the home back to the backup. No file of it is touched before all are checked and staged. */
export function restoreBackup(home: Home, backup: Backup): Restored {
  const { manifest } = backup;
  const check = readBack(backup);
  if (check.problems.length > 0) throw damaged(manifest.name, check.problems, { sha256: check.sha256 });
  const added = filesAddedSince(home, backup);
  const journal = uselessJournal(home, backup);
  const touched = [...manifest.files.map((file) => file.path), ...added];
  for (const path of touched) requireWritable(home, join(home.root, path));

  // First of all, because the copies may need its room.
  if (journal !== undefined) rmSync(join(home.root, journal));
  const changed = manifest.files.filter((file) => !isInPlace(home, file));
  swapIn(home, backup, changed);
  for (const path of added) rmSync(join(home.root, path), { force: true });
  removeEmptyKeyFolder(home);
  clearBootCache(home);

  const files = manifest.files.flatMap((file) => entryInPlace(home, file.path) ?? []);
  const sha256 = digestOf(files);
  return {
    sha256,
    matches: sha256 === manifest.sha256,
    files,
    replaced: changed.map((file) => file.path),
    removed: journal === undefined ? added : [...added, journal],
  };
}

function filesAddedSince(home: Home, { manifest }: Backup): string[] {
  const kept = new Set(manifest.files.map((file) => file.path));
  return managedFiles(home).filter((path) => !kept.has(path));
}

/** A metrics journal that the release of the backup does not know, and whose room it would never free. */
function uselessJournal(home: Home, { manifest }: Backup): string | undefined {
  const release = releases.find(({ version }) => version === manifest.version);
  const journal = '.cache/orchat/metrics/journal.bin';
  const useless = release !== undefined && (release.metrics?.journalBytes ?? 0) === 0;
  return useless && existsSync(join(home.root, journal)) ? journal : undefined;
}

/** Lays all copies beside their targets, then renames them one after the other. */
function swapIn(home: Home, { folder }: Backup, files: FileEntry[]): void {
  const staged: string[] = [];
  try {
    for (const file of files) {
      const target = join(home.root, file.path);
      mkdirSync(dirname(target), { recursive: true });
      const draft = draftOf(target);
      staged.push(draft);
      const mode = Number.parseInt(file.mode, 8);
      const content = copyFile(home, join(folder, copyName(file.path)), draft, mode);
      if (content.sha256 === file.sha256) continue;
      throw new Refusal(
        'restore-failed',
        `the copy for ${shown(home, target)} did not arrive as it was sent`,
        'Check the disk, then run the restore again.',
      );
    }
    for (const file of files) {
      const target = join(home.root, file.path);
      renameSync(draftOf(target), target);
    }
  } finally {
    for (const draft of staged) rmSync(draft, { force: true });
  }
}

function isInPlace(home: Home, file: FileEntry): boolean {
  const entry = entryInPlace(home, file.path);
  return entry !== undefined && digestOf([entry]) === digestOf([file]);
}

function entryInPlace(home: Home, path: string): FileEntry | undefined {
  const target = join(home.root, path);
  const stat = statSync(target, { throwIfNoEntry: false });
  if (!stat?.isFile()) return undefined;
  return { path, ...readContent(target), mode: (stat.mode & 0o777).toString(8) };
}

function removeEmptyKeyFolder(home: Home): void {
  try {
    rmdirSync(join(home.config, 'secure'));
  } catch {
    // It is not there, or it holds a key.
  }
}
