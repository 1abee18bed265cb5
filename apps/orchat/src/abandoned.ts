import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isAlive } from './alive.js';
import type { Home } from './home.js';

// The last number is the id of the process that wrote it.
const drafts = /^(?:\..+\.(\d+)\.draft|lock\.(\d+)(?:\.aside)?)$/;

/** Removes what killed processes were about to rename: it would take up room for ever. */
export function removeAbandonedDrafts(home: Home): void {
  const places = [
    home.root, dirname(home.binary), home.config, join(home.config, 'secure'), home.cache, home.metrics,
  ];
  for (const place of places) {
    for (const name of namesIn(place)) {
      const match = drafts.exec(name);
      const pid = Number(match?.[1] ?? match?.[2]);
      if (match !== null && pid !== process.pid && !isAlive(pid)) rmSync(join(place, name), { force: true });
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
