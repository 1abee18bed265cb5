import { existsSync, rmSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { clearBootCache } from '../boot.js';
import type { Home } from '../home.js';
import { requireWritable } from '../permissions.js';
import { releases } from '../releases.js';
import { copyName, managedFiles } from './managed.js';
import { type FileEntry, digestOf } from './manifest.js';
import { entryInPlace, isInPlace, putBack } from './put-back.js';
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
  putBack(home, changed, (path) => join(backup.folder, copyName(path)));
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

function removeEmptyKeyFolder(home: Home): void {
  try {
    rmdirSync(join(home.config, 'secure'));
  } catch {
    // It is not there, or it holds a key.
  }
}
