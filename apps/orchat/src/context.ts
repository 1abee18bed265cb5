import type { Home } from './home.js';
import type { Release } from './releases.js';

/** What every command works with. */
export interface Context {
  release: Release;
  home: Home;
  /** The path that this program was started by. */
  self: string;
  json: boolean;
  env: NodeJS.ProcessEnv;
}

/** What a command came to. Facts go into the JSON answer, lines to a person. */
export interface Outcome {
  ok: boolean;
  facts: Record<string, unknown>;
  lines: string[];
}
