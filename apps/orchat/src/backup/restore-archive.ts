import { rmSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Home } from '../home.js';
import { requireWritable } from '../permissions.js';
import type { Unpacked } from './archive.js';
import { digestOf } from './manifest.js';
import { entryInPlace, isInPlace, putBack } from './put-back.js';
import type { Restored } from './restore.js';
import { type Part, filesIn, isIn } from './scope.js';

/** Takes a part of an archive back. Only `everything` also removes what was not there when it was packed. */
export function restoreArchive(home: Home, { folder, manifest }: Unpacked, part: Part): Restored & { expected: string } {
  const wanted = manifest.files.filter(({ path }) => isIn(part, path));
  const kept = new Set(wanted.map(({ path }) => path));
  const added = part === 'everything' ? filesIn(home, part).filter((path) => !kept.has(path)) : [];
  for (const path of [...kept, ...added]) requireWritable(home, join(home.root, path));
  const changed = wanted.filter((file) => !isInPlace(home, file));
  putBack(home, changed, (path) => join(folder, path));
  for (const path of added) remove(join(home.root, path));
  const files = wanted.flatMap(({ path }) => entryInPlace(home, path) ?? []);
  const [sha256, expected] = [digestOf(files), digestOf(wanted)];
  return { sha256, expected, matches: sha256 === expected, files, replaced: changed.map(({ path }) => path), removed: added };
}

/** With its folder, when it was the last in it. */
function remove(path: string): void {
  rmSync(path, { force: true });
  try {
    rmdirSync(dirname(path));
  } catch {
    // Other files lie in it.
  }
}
