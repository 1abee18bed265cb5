import type { Archive } from '../backup/archive.js';
import type { Backup } from '../backup/shelf.js';

/** What create and show tell alike, so that one can stand for the other. */
export function backupFacts({ folder, manifest }: Backup): Record<string, unknown> {
  const { name, sha256, bytes, createdAt, version, files } = manifest;
  return { status: 'complete', name, sha256, bytes, createdAt, version, folder, files };
}

export function archiveFacts({ file, manifest }: Archive): Record<string, unknown> {
  const { name, sha256, bytes, createdAt, version, files } = manifest;
  return { status: 'complete', name, sha256, bytes, createdAt, version, file, files };
}
