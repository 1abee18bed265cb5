import { withArchive } from '../backup/archive.js';
import type { Manifest } from '../backup/manifest.js';
import { damaged, findBackup, readBack } from '../backup/shelf.js';
import type { Run } from '../command.js';
import { archiveFacts, backupFacts } from './backup-facts.js';
import { nameOption, shelfOption } from './backup-options.js';

export const run: Run = ({ home }, request) => {
  const [place, name] = [shelfOption(home, request), nameOption(request)];
  if (request.options.has('--archive')) {
    return withArchive(home, place, name, (archive) => sound(archive.manifest, { ...archiveFacts(archive), problems: [] }));
  }
  const backup = findBackup(home, place, name);
  const { sha256, problems } = readBack(backup);
  // The digest in the answer is that of the bytes read now, not the one that the manifest claims.
  if (problems.length > 0) throw damaged(name, problems, { sha256 });
  return sound(backup.manifest, { ...backupFacts(backup), sha256, problems });
};

function sound({ name, files, bytes, sha256 }: Manifest, facts: Record<string, unknown>) {
  return { ok: true, facts, lines: [`✅ ${name}: ${files.length} files, ${bytes} bytes read back, sha256 ${sha256}`] };
}
