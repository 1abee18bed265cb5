import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../alive.js';
import { type Home, shown } from '../home.js';
import { requireWritable } from '../permissions.js';
import { requireRoom } from '../quota.js';
import { Refusal } from '../refusal.js';
import type { Release } from '../releases.js';
import { copyFile, makeFolder, syncFolder, writeWhole } from '../writes.js';
import { copyName, managedFiles } from './managed.js';
import { type FileEntry, type Manifest, manifestOf } from './manifest.js';
import { type Backup, findBackup } from './shelf.js';

/** Copies the installation under a draft name and shows it under its own name only when it is complete. */
export function createBackup(home: Home, release: Release, shelf: string, name: string): Backup {
  const folder = join(shelf, name);
  refuseTaken(home, shelf, name);
  const paths = managedFiles(home);
  if (paths.length === 0) {
    throw new Refusal('nothing-to-back-up', 'this home has no orchat files', 'Run orchat --setup first.');
  }
  makeFolder(home, shelf, 0o700);
  requireWritable(home, folder);
  removeHalfBackups(shelf);
  const bytes = paths.reduce((sum, path) => sum + statSync(join(home.root, path)).size, 0);
  // Restoring stages its size once more, and the release must be healthy after that: else it is no way back.
  requireRoom(home, folder, bytes + Math.max(bytes, release.room) + bookkeepingBytes);

  const draft = join(shelf, `${draftPrefix}${name}.${process.pid}`);
  try {
    mkdirSync(draft, { mode: 0o700 });
    const files = paths.map((path) => copyInto(home, draft, path));
    const manifest = manifestOf(name, release.version, new Date(), files);
    writeWhole(home, join(draft, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`, 0o600);
    publish(home, draft, folder, manifest);
    return { folder, manifest };
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

const draftPrefix = '.creating-';
/** What manifest, log lines and converted settings take on the way up and back. */
const bookkeepingBytes = 8192;

function copyInto(home: Home, draft: string, path: string): FileEntry {
  const original = join(home.root, path);
  const mode = statSync(original).mode & 0o777;
  const content = copyFile(home, original, join(draft, copyName(path)), mode);
  return { path, ...content, mode: mode.toString(8) };
}

/** Renaming onto a folder that holds anything fails, so of two that make the same backup one wins. */
function publish(home: Home, draft: string, folder: string, manifest: Manifest): void {
  try {
    renameSync(draft, folder);
  } catch (error) {
    if (!/^(ENOTEMPTY|EEXIST)$/.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
    refuseTaken(home, join(folder, '..'), manifest.name);
    throw error;
  }
  syncFolder(folder);
  syncFolder(join(folder, '..'));
}

function refuseTaken(home: Home, shelf: string, name: string): void {
  const folder = join(shelf, name);
  if (!existsSync(folder)) return;
  const next = 'Choose another name, or look at it with orchat backup verify.';
  if (!existsSync(join(folder, 'manifest.json'))) {
    throw new Refusal('backup-name-taken', `${shown(home, folder)} exists and is no backup`, next, { name });
  }
  const { sha256, createdAt } = findBackup(home, shelf, name).manifest;
  const message = `backup ${name} exists since ${createdAt}`;
  throw new Refusal('backup-exists', message, next, { name, sha256, createdAt });
}

/** A process that was killed leaves its draft; the name holds its process id. */
function removeHalfBackups(shelf: string): void {
  for (const name of readdirSync(shelf)) {
    if (!name.startsWith(draftPrefix)) continue;
    const pid = Number(name.slice(name.lastIndexOf('.') + 1));
    if (pid === process.pid || !isAlive(pid)) rmSync(join(shelf, name), { recursive: true, force: true });
  }
}
