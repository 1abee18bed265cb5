import type { Home } from '../home.js';
import type { Release } from '../releases.js';

/** What is validated, and what it is to be. */
export interface Suite {
  home: Home;
  release: Release;
  sha256: string;
}

/** A check answers with what it found; whatever it throws is why it failed. */
export type Check = [name: string, look: (suite: Suite) => string];

/** Throws with what is wrong unless it holds. */
export function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
