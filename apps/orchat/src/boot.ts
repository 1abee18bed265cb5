import { readFileSync, rmSync } from 'node:fs';
import type { Home } from './home.js';

/**
 * The copy of a release that the boot cache is pinned to, when it is another program than this one.
 * A stale pin is why a node can go on as the old release after an upgrade.
 */
export function pinnedCopy(home: Home, self: string): string | undefined {
  const pin = readPin(home);
  if (pin?.pinned !== true || typeof pin.file !== 'string' || pin.file === self) return undefined;
  try {
    return readFileSync(pin.file).equals(readFileSync(self)) ? undefined : pin.file;
  } catch {
    return undefined;
  }
}

function readPin(home: Home): { file?: unknown; pinned?: unknown } | undefined {
  try {
    return JSON.parse(readFileSync(home.boot, 'utf8')) as { file?: unknown; pinned?: unknown };
  } catch {
    return undefined;
  }
}

export function clearBootCache(home: Home): void {
  rmSync(home.boot, { force: true });
  rmSync(home.bootCopies, { recursive: true, force: true });
}
