import { createHash } from 'node:crypto';
import { isTree } from '../settings/tree.js';
import { isManaged } from './managed.js';

export interface FileEntry {
  /** Relative to the home. */
  path: string;
  sha256: string;
  bytes: number;
  /** Octal, as in chmod. */
  mode: string;
}

export interface Manifest {
  format: 1;
  name: string;
  createdAt: string;
  version: string;
  sha256: string;
  bytes: number;
  files: FileEntry[];
}

/** The digest of a set of files: SHA-256 over the list, sorted by path, members by name, no white space. */
export function digestOf(files: readonly FileEntry[]): string {
  const list = files
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ bytes, mode, path, sha256 }) => ({ bytes, mode, path, sha256 }));
  return createHash('sha256').update(JSON.stringify(list)).digest('hex');
}

export function manifestOf(name: string, version: string, createdAt: Date, files: FileEntry[]): Manifest {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const sha256 = digestOf(files);
  return { format: 1, name, createdAt: createdAt.toISOString(), version, sha256, bytes, files };
}

/** Reads a manifest, or answers what is wrong with it. `allowed` are the paths that it may name. */
export function parseManifest(text: string, name: string, allowed = isManaged): Manifest | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'the manifest is not valid JSON';
  }
  if (!isTree(value) || value.format !== 1) return 'the manifest has an unknown format';
  if (value.name !== name) return 'the manifest has another name than its folder';
  if (!isText(value.createdAt) || !isText(value.version)) return 'the manifest is incomplete';
  if (!Array.isArray(value.files) || !value.files.every((one) => isEntry(one, allowed))) return 'the manifest has a wrong file list';
  const manifest = value as unknown as Manifest;
  return digestOf(manifest.files) === manifest.sha256 ? manifest : 'the file list has another digest';
}

function isEntry(value: unknown, allowed: (path: string) => boolean): value is FileEntry {
  if (!isTree(value)) return false;
  const { path, sha256, bytes, mode } = value;
  return (
    isText(path) && allowed(path) && Number.isSafeInteger(bytes) &&
    isText(sha256) && /^[0-9a-f]{64}$/.test(sha256) && isText(mode) && /^[0-7]{3}$/.test(mode)
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
