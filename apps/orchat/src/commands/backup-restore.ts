import { withArchive } from '../backup/archive.js';
import type { Manifest } from '../backup/manifest.js';
import { restoreArchive } from '../backup/restore-archive.js';
import { type Restored, restoreBackup } from '../backup/restore.js';
import { findBackup, latestBackup } from '../backup/shelf.js';
import type { Run } from '../command.js';
import type { Outcome } from '../context.js';
import { misuse } from '../refusal.js';
import { nameOption, partOption, shelfOption } from './backup-options.js';

export const run: Run = ({ home }, request) => {
  const { options } = request;
  const [latest, shelf, part] = [options.has('--latest'), shelfOption(home, request), partOption(request)];
  if (latest === options.has('--name')) throw misuse('backup restore needs --latest or --name=NAME');
  if (options.has('--archive')) {
    if (latest) throw misuse('an archive is restored by --name=NAME');
    return withArchive(home, shelf, nameOption(request), (archive) => {
      const restored = restoreArchive(home, archive, part);
      return outcome(archive.manifest, restored, restored.expected, `restored ${part} from archive`);
    });
  }
  const backup = latest ? latestBackup(home, shelf) : findBackup(home, shelf, nameOption(request));
  const { manifest } = backup;
  return outcome(manifest, restoreBackup(home, backup), manifest.sha256, `back at ${manifest.version} from backup`);
};

function outcome({ name, version }: Manifest, restored: Restored, expected: string, done: string): Outcome {
  const { sha256, matches, files, replaced, removed } = restored;
  const changed = replaced.length + removed.length > 0;
  return {
    ok: matches,
    facts: { name, version, sha256, matches, expected, files, replaced, removed, changed },
    lines: [
      ...replaced.map((path) => `replaced  ~/${path}`),
      ...removed.map((path) => `removed   ~/${path}`),
      matches ? `✅ ${done} ${name}` : `❌ not equal to backup ${name}; restore again`,
    ],
  };
}
