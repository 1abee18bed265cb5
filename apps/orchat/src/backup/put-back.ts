import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Home, shown } from '../home.js';
import { Refusal } from '../refusal.js';
import { copyFile, draftOf, readContent } from '../writes.js';
import { type FileEntry, digestOf } from './manifest.js';

/** Lays copies beside their targets, then renames them one after the other. `sourceOf` tells where a copy lies. */
export function putBack(home: Home, files: FileEntry[], sourceOf: (path: string) => string): void {
  const staged: string[] = [];
  try {
    for (const file of files) {
      const target = join(home.root, file.path);
      mkdirSync(dirname(target), { recursive: true });
      const draft = draftOf(target);
      staged.push(draft);
      const mode = Number.parseInt(file.mode, 8);
      const content = copyFile(home, sourceOf(file.path), draft, mode);
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

export function isInPlace(home: Home, file: FileEntry): boolean {
  const entry = entryInPlace(home, file.path);
  return entry !== undefined && digestOf([entry]) === digestOf([file]);
}

export function entryInPlace({ root }: { root: string }, path: string): FileEntry | undefined {
  const target = join(root, path);
  const stat = statSync(target, { throwIfNoEntry: false });
  if (!stat?.isFile()) return undefined;
  return { path, ...readContent(target), mode: (stat.mode & 0o777).toString(8) };
}
