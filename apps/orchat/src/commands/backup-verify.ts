import { damaged, findBackup, readBack } from '../backup/shelf.js';
import type { Run } from '../command.js';
import { backupFacts } from './backup-facts.js';
import { nameOption, shelfOption } from './backup-options.js';

export const run: Run = ({ home }, request) => {
  const backup = findBackup(home, shelfOption(home, request), nameOption(request));
  const { sha256, problems } = readBack(backup);
  const { name, files, bytes } = backup.manifest;
  // The digest in the answer is that of the bytes read now, not the one that the manifest claims.
  if (problems.length > 0) throw damaged(name, problems, { sha256 });
  return {
    ok: true,
    facts: { ...backupFacts(backup), sha256, problems },
    lines: [`✅ ${name}: ${files.length} files, ${bytes} bytes read back, sha256 ${sha256}`],
  };
};
