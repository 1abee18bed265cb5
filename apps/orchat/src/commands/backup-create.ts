import { createBackup } from '../backup/create.js';
import type { Run } from '../command.js';
import { nameOption, shelfOption } from './backup-options.js';
import { backupFacts } from './backup-facts.js';

export const run: Run = ({ home, release }, request) => {
  const backup = createBackup(home, release, shelfOption(home, request), nameOption(request));
  const { name, sha256, files, bytes } = backup.manifest;
  return {
    ok: true,
    facts: backupFacts(backup),
    lines: [`Backup ${name}: ${files.length} files, ${bytes} bytes, sha256 ${sha256}`, `✅ ${backup.folder}`],
  };
};
