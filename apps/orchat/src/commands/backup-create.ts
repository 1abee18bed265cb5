import { createArchive } from '../backup/archive.js';
import { createBackup } from '../backup/create.js';
import type { Run } from '../command.js';
import { nameOption, scopeOption, shelfOption } from './backup-options.js';
import { archiveFacts, backupFacts } from './backup-facts.js';

export const run: Run = ({ home, release }, request) => {
  const [place, name, scope] = [shelfOption(home, request), nameOption(request), scopeOption(request)];
  if (request.options.has('--archive')) {
    const archive = createArchive(home, release, place, name, scope);
    const { files, bytes, sha256 } = archive.manifest;
    return {
      ok: true,
      facts: archiveFacts(archive),
      lines: [`Archive ${name}: ${files.length} files, ${bytes} bytes, sha256 ${sha256}`, `✅ ${archive.file}`],
    };
  }
  const backup = createBackup(home, release, place, name);
  const { sha256, files, bytes } = backup.manifest;
  return {
    ok: true,
    facts: backupFacts(backup),
    lines: [`Backup ${name}: ${files.length} files, ${bytes} bytes, sha256 ${sha256}`, `✅ ${backup.folder}`],
  };
};
