import type { Release } from '../releases.js';
import type { Check, Suite } from './check.js';
import { configurationChecks } from './configuration.js';
import { featureChecks, workflowChecks } from './features.js';
import { installationChecks, securityChecks } from './installation.js';
import { performanceChecks } from './performance.js';
import { recoveryChecks } from './recovery.js';

export interface Checked {
  name: string;
  ok: boolean;
  message: string;
  ms: number;
}

const suites = {
  installation: installationChecks,
  configuration: configurationChecks,
  security: securityChecks,
  features: featureChecks,
  workflows: workflowChecks,
  recovery: recoveryChecks,
  performance: performanceChecks,
} satisfies Record<string, (release: Release) => Check[]>;

export type Group = keyof typeof suites;
export const groups = Object.keys(suites) as Group[];

/** What is quick enough for every upgrade. */
export const quick: Group[] = ['installation', 'security'];

export function runSuite(suite: Suite, chosen: readonly Group[]): Checked[] {
  return chosen.flatMap((group) => suites[group](suite.release).map(([name, look]) => checked(`${group}/${name}`, () => look(suite))));
}

function checked(name: string, look: () => string): Checked {
  const began = performance.now();
  const done = (ok: boolean, message: string) => ({ name, ok, message, ms: Math.round(performance.now() - began) });
  try {
    return done(true, look());
  } catch (error) {
    return done(false, (error as Error).message);
  }
}
