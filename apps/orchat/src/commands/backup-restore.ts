import { restoreBackup } from '../backup/restore.js';
import { findBackup, latestBackup } from '../backup/shelf.js';
import type { Run } from '../command.js';
import { misuse } from '../refusal.js';
import { nameOption, shelfOption } from './backup-options.js';

export const run: Run = ({ home }, request) => {
  const { options } = request;
  const latest = options.has('--latest');
  if (latest === options.has('--name')) throw misuse('backup restore needs --latest or --name=NAME');
  const shelf = shelfOption(home, request);
  const backup = latest ? latestBackup(home, shelf) : findBackup(home, shelf, nameOption(request));
  const { sha256, matches, files, replaced, removed } = restoreBackup(home, backup);
  const { name, version } = backup.manifest;
  const changed = replaced.length + removed.length > 0;
  return {
    ok: matches,
    facts: { name, version, sha256, matches, expected: backup.manifest.sha256, files, replaced, removed, changed },
    lines: [
      ...replaced.map((path) => `replaced  ~/${path}`),
      ...removed.map((path) => `removed   ~/${path}`),
      matches ? `✅ back at ${version} from backup ${name}` : `❌ not equal to backup ${name}; restore again`,
    ],
  };
};
