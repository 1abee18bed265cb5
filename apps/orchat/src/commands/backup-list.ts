import { type Listed, listBackups } from '../backup/shelf.js';
import type { Run } from '../command.js';
import { shelfOption } from './backup-options.js';

export const run: Run = ({ home }, request) => {
  const listed = listBackups(shelfOption(home, request));
  return {
    ok: true,
    facts: { backups: listed.map(summary) },
    lines: listed.length === 0 ? ['There is no backup.'] : listed.map(line),
  };
};

function summary({ name, status, manifest }: Listed) {
  const { createdAt, version, sha256, bytes } = manifest ?? {};
  return { name, status, createdAt, version, sha256, bytes };
}

function line({ name, status, manifest }: Listed): string {
  if (manifest === undefined) return `${status}  ${name}`;
  return `${manifest.createdAt}  ${manifest.version}  ${name}  ${manifest.bytes} bytes`;
}
