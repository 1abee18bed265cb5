import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from '../home.js';

/** The files that orchat itself writes and a backup keeps, as paths in the home. All else is the person's. */
const managed = [
  /^\.local\/bin\/orchat$/,
  /^\.config\/orchat\/settings(\.(schema\d|unusable)(\.\d+)?)?\.json$/,
  /^\.config\/orchat\/(config|secure\/key\.enc)$/,
  /^\.orchat_history(\.format1)?$/,
];

const folders = ['.', '.local/bin', '.config/orchat', '.config/orchat/secure'];

/** A manifest may come from anywhere: only these paths are ever written or removed. */
export function isManaged(path: string): boolean {
  return managed.some((pattern) => pattern.test(path));
}

/** The managed files that are there, in a fixed order. */
export function managedFiles(home: Home): string[] {
  return folders
    .flatMap((folder) => namesIn(join(home.root, folder)).map((name) => join(folder, name)))
    .filter((path) => isManaged(path) && statSync(join(home.root, path), { throwIfNoEntry: false })?.isFile())
    .sort();
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Where a backup keeps its copy of a file: orchat, settings.json, orchat_history, secure/key.enc ... */
export function copyName(path: string): string {
  return path.replace(/^(\.local\/bin\/|\.config\/orchat\/|\.)/, '');
}
