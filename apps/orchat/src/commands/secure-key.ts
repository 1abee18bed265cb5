import { chmodSync, existsSync, statSync } from 'node:fs';
import type { Run } from '../command.js';
import { shown } from '../home.js';
import { Refusal } from '../refusal.js';
import { keyPath, placeKey } from '../settings/key.js';
import { readContent } from '../writes.js';

/** Moves the API key to the place that only its owner reads, and proves where it is now. */
export const run: Run = ({ home, release }) => {
  const path = keyPath(home, release);
  if (release.key !== 'secure/key.enc') {
    throw new Refusal('not-in-release', `${release.version} has no secure place for the key`, 'Upgrade to v0.7.0 or newer.');
  }
  const before = existsSync(path) ? statSync(path).mode & 0o777 : undefined;
  placeKey(home, release);
  if (!existsSync(path)) {
    throw new Refusal('key-missing', 'there is no API key', 'Run orchat --setup with ORCHAT_API_KEY set.');
  }
  chmodSync(path, 0o600);
  const mode = (statSync(path).mode & 0o777).toString(8);
  const { sha256 } = readContent(path);
  return {
    ok: true,
    facts: { key: shown(home, path), mode, sha256, changed: before !== 0o600 },
    lines: [`✅ ${shown(home, path)}, mode ${mode}`],
  };
};
