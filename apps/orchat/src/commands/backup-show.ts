import { findBackup } from '../backup/shelf.js';
import type { Run } from '../command.js';
import { backupFacts } from './backup-facts.js';
import { run as verify } from './backup-verify.js';
import { nameOption, shelfOption } from './backup-options.js';

export const run: Run = (context, request) => {
  // An archive tells what it holds only by being read as a whole.
  if (request.options.has('--archive')) return verify(context, request);
  const { home } = context;
  const backup = findBackup(home, shelfOption(home, request), nameOption(request));
  const { name, createdAt, version, sha256, bytes, files } = backup.manifest;
  const lines = files.map((file) => `  ${file.mode}  ${file.sha256}  ${file.path} (${file.bytes} bytes)`);
  return {
    ok: true,
    facts: backupFacts(backup),
    lines: [`${name}: ${version}, ${createdAt}, ${bytes} bytes, sha256 ${sha256}`, ...lines],
  };
};
