import { factsMax } from '../shapes.js';
import type { Field } from './yaml-reader.js';
import type { Runbook, Step } from './runbook.js';

/** Facts without which the service takes no step of a kind for done; it would always fail. */
const factsOfKind: Partial<Record<Step['kind'], string[]>> = {
  system: ['ok'],
  health: ['health'],
  backup: ['name', 'sha256', 'bytes'],
  'backup-check': ['sha256'],
  'migration-check': ['needed', 'manual', 'fromSchema', 'toSchema'],
  migration: ['fromSchema', 'toSchema'],
  config: ['valid'],
  version: ['version'],
  feature: ['ok'],
  restore: ['sha256', 'matches'],
  validation: ['suite', 'total', 'passed', 'failed'],
  archive: ['name', 'sha256', 'bytes'],
};

/** Facts that the agent itself measures of a baseline; a product must not say them in its place. */
const measuredFacts = ['medianMs', 'runsMs'];

/**
 * What must hold among the fields of a runbook; each breach is reported at the step it belongs to. Of a step that is not
 * `sound` by itself, what would follow from its mistakes is not.
 */
export function checkSteps(runbook: Runbook, fields: readonly Field[], sound: readonly boolean[]): void {
  const seen = new Set<string>();
  let changed = false;
  for (const [i, step] of runbook.steps.entries()) {
    if (!sound[i]) continue;
    const wrong = (says: string) => fields[i]!.wrong(says);
    if (seen.has(step.step)) wrong(`repeats the step name ${step.step}`);
    seen.add(step.step);
    checkAction(step, wrong);
    checkRepeat(step, wrong);
    checkPlaceholders(runbook, step, wrong);
    checkBelonging(step, wrong);
    const missing = (factsOfKind[step.kind] ?? []).filter((fact) => !Object.hasOwn(step.facts, fact));
    if (missing.length > 0) wrong(`is of kind ${step.kind} and must declare the facts ${missing.join(', ')}`);
    if (Object.keys(step.facts).length > factsMax) wrong(`declares more than ${factsMax} facts`);
    // A restore is itself the way back: what follows it can only stop for a person.
    changed ||= step.changes && step.kind !== 'restore';
    if (changed && step.onFailure === 'stop') wrong('comes with or after a change of the installation and must say on-failure: rollback');
  }
}

function checkAction(step: Step, wrong: (says: string) => void): void {
  if ((step.run === null) === (step.install === null)) wrong('must say either run or install');
  if ((step.kind === 'install') !== (step.install !== null)) wrong('kind: install and install: go together');
  // What is put in place beside the release, as an installer before it is run, changes nothing yet.
  const mustChange = ['migration', 'restore', 'remove'].includes(step.kind) || (step.install !== null && isRelease(step.install));
  if (mustChange && !step.changes) wrong(`is of kind ${step.kind} and must say changes: true`);
}

function isRelease({ artifact, sha256 }: NonNullable<Step['install']>): boolean {
  return [...placeholdersIn(artifact), ...placeholdersIn(sha256)].some((name) => name === 'artifact' || name === 'sha256');
}

/** Fields that go with one kind alone. */
function checkBelonging(step: Step, wrong: (says: string) => void): void {
  if (step.env !== undefined && step.install !== null) wrong('says env, which only run uses');
  if ((step.kind === 'baseline') !== (step.measure !== undefined)) wrong('kind: baseline and measure: go together');
  if (step.kind === 'baseline' && step.repeat === 'check') wrong('is of kind baseline and cannot be found done: what is not run is not timed');
  const own = measuredFacts.find((fact) => step.kind === 'baseline' && Object.hasOwn(step.facts, fact));
  if (own !== undefined) wrong(`declares the fact ${own}, which the agent measures itself`);
  if (step.kind !== 'review' && step.decideMs !== undefined) wrong('says decide-within, which only kind: review uses');
}

function checkRepeat(step: Step, wrong: (says: string) => void): void {
  // An install is looked for by the digest of the file in place; it needs no command to see that it is done.
  if (step.repeat === 'check' && step.done === null && step.install === null) wrong('says repeat: check and must say with done how to look');
  if (step.repeat !== 'check' && step.done !== null) wrong('says done, which only repeat: check uses');
  if (step.repeat === 'never' && step.attempts > 1) wrong('says repeat: never and more than one attempt');
}

const placeholder = /\$\{([^}]*)\}/g;

/** Names of the parameters that a text is filled from. */
export function placeholdersIn(text: string): string[] {
  return [...text.matchAll(placeholder)].map((found) => found[1]!);
}

/** Fills a text; every parameter MUST have a value, which the caller has checked against its type. */
export function fill(text: string, values: { [name: string]: string }): string {
  return text.replace(placeholder, (_, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) throw new Error(`no value for the parameter ${name}`);
    return value;
  });
}

function checkPlaceholders(runbook: Runbook, step: Step, wrong: (says: string) => void): void {
  const texts = [...(step.run ?? []), ...(step.done?.run ?? []), ...Object.values(step.env ?? {}), ...(step.install ? [step.install.artifact, step.install.sha256] : [])];
  const unknown = texts.flatMap(placeholdersIn).find((name) => !Object.hasOwn(runbook.parameters, name));
  if (unknown !== undefined) wrong(`uses \${${unknown}}, which the runbook does not declare`);
}
