import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from '../home.js';

/** What an archive holds: everything of orchat's, or only what a person made with it. */
export type Scope = 'everything' | 'data';

/** What a restore takes out of an archive. */
export const parts = ['everything', 'data', 'history', 'key'] as const;
export type Part = (typeof parts)[number];

const history = ['.orchat_history', '.orchat_history.format1'];

const placesOf: Record<Part, string[]> = {
  everything: ['.config/orchat', '.cache/orchat', '.local/bin/orchat', ...history],
  data: ['.cache/orchat/logs', ...history],
  history,
  key: ['.config/orchat/config', '.config/orchat/secure/key.enc'],
};

// What belongs to a running process and is gone with it.
const passing = /(^\.cache\/orchat\/lock(\.|$))|(\/\.[^/]+\.\d+\.draft$)/;

/** Whether a path of an archive's list is one that this part may write or remove. */
export function isIn(part: Part, path: string): boolean {
  if (path.split('/').some((name) => name === '' || name === '.' || name === '..')) return false;
  return !passing.test(path) && placesOf[part].some((place) => path === place || path.startsWith(`${place}/`));
}

/** The files of a part that are there, as paths in the home, in a fixed order. */
export function filesIn(home: Home, part: Part): string[] {
  return placesOf[part]
    .flatMap((place) => filesUnder(home.root, place))
    .filter((path) => isIn(part, path))
    .sort();
}

function filesUnder(root: string, path: string): string[] {
  const full = join(root, path);
  // A link is followed to a file, and never to a folder that may lead round in a circle.
  if (lstatSync(full, { throwIfNoEntry: false })?.isDirectory()) {
    return readdirSync(full).flatMap((name) => filesUnder(root, join(path, name)));
  }
  return statSync(full, { throwIfNoEntry: false })?.isFile() ? [path] : [];
}
