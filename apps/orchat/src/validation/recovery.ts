import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from '../home.js';
import { askInstalled } from '../program.js';
import { withScratchHome } from '../scratch.js';
import { type Check, must } from './check.js';

const name = '--name=validation';

function created(scratch: Home, ...more: string[]): Record<string, unknown> {
  const { exit, json, stderr } = askInstalled(scratch, ['backup', 'create', name, '--json', ...more]);
  must(exit === 0, stderr.trim());
  return json;
}

export function recoveryChecks(): Check[] {
  return [
    ['backup', ({ home }) => withScratchHome(home, (scratch) => {
      const { sha256 } = created(scratch);
      const read = askInstalled(scratch, ['backup', 'verify', name, '--json']);
      must(read.json.sha256 === sha256, 'a backup reads back as another');
      return String(sha256);
    })],
    ['restore', ({ home }) => withScratchHome(home, (scratch) => {
      const { sha256 } = created(scratch);
      writeFileSync(scratch.settings, '{}');
      const back = askInstalled(scratch, ['backup', 'restore', '--latest', '--json']);
      must(back.json.matches === true && back.json.sha256 === sha256, `what was restored differs: ${back.stderr.trim()}`);
      return String(sha256);
    })],
    ['damage', ({ home }) => withScratchHome(home, (scratch) => {
      created(scratch);
      const copy = join(scratch.backups, 'validation', 'settings.json');
      writeFileSync(copy, `${readFileSync(copy, 'utf8')} `);
      const { json } = askInstalled(scratch, ['backup', 'restore', name, '--json']);
      must(json.code === 'backup-damaged', 'a damaged backup is restored');
      return 'refused';
    })],
    ['archive', ({ home }) => withScratchHome(home, (scratch) => {
      const { sha256 } = created(scratch, '--archive');
      const back = askInstalled(scratch, ['backup', 'restore', name, '--archive', '--json']);
      must(back.json.matches === true && back.json.sha256 === sha256, `what was restored differs: ${back.stderr.trim()}`);
      return String(sha256);
    })],
  ];
}
