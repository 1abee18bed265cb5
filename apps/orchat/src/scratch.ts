import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { managedFiles } from './backup/managed.js';
import { type Home, homeOf } from './home.js';

/** Works on a copy of an installation in a folder of its own; the home it was copied from stays as it is. */
export function withScratchHome<T>(home: Home, work: (scratch: Home) => T): T {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'orchat-scratch-')));
  try {
    for (const path of managedFiles(home)) {
      const [from, to] = [join(home.root, path), join(root, path)];
      mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
      copyFileSync(from, to);
      chmodSync(to, statSync(from).mode & 0o777);
    }
    return work(homeOf({ HOME: root }));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
