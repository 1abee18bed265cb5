import { findBackup } from '../backup/shelf.js';
import type { Run } from '../command.js';
import { backupFacts } from './backup-facts.js';
import { nameOption, shelfOption } from './backup-options.js';

export const run: Run = ({ home }, request) => {
  const backup = findBackup(home, shelfOption(home, request), nameOption(request));
  const { name, createdAt, version, sha256, bytes, files } = backup.manifest;
  const lines = files.map((file) => `  ${file.mode}  ${file.sha256}  ${file.path} (${file.bytes} bytes)`);
  return {
    ok: true,
    facts: backupFacts(backup),
    lines: [`${name}: ${version}, ${createdAt}, ${bytes} bytes, sha256 ${sha256}`, ...lines],
  };
};
