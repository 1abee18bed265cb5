import { digestOf } from '#proof';
import type { Field, FileProblem } from './yaml-reader.js';
import { YamlFile } from './yaml-reader.js';
import { checkSteps } from './runbook-rules.js';
import { version } from '../shapes.js';

export const stepKinds = [
  'system', 'health', 'backup', 'backup-check', 'migration-check', 'install', 'migration', 'config', 'version', 'feature', 'restore', 'command',
  'baseline', 'validation', 'review', 'archive', 'remove',
] as const;
export const parameterTypes = ['name', 'version', 'digest', 'artifact'] as const;

/** What a value of each parameter type may look like. None can end an argument or climb out of a directory. */
export const parameterPatterns: Record<(typeof parameterTypes)[number], RegExp> = {
  name: /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
  version,
  digest: /^[0-9a-f]{64}$/,
  artifact: /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*){0,7}$/,
};

/** What a command's result must be to count as done. All that is named must hold. */
export interface Expect {
  exit: number | null;
  stdout: string | null;
  json: { [path: string]: string | number | boolean };
}

/** Where a fact comes from: a path into the JSON on standard output, or the one group of a pattern on it. */
export type FactSource = { json: string } | { match: string };

export interface Invocation {
  run: string[];
  expect: Expect;
}

/** A file that the agent itself fetches, checks and puts in place in one move. */
export interface Install {
  artifact: string;
  sha256: string;
  /** Relative to the node's home. */
  to: string;
  mode: string;
}

export interface Step {
  step: string;
  title: string;
  kind: (typeof stepKinds)[number];
  run: string[] | null;
  install: Install | null;
  /** Of `run` and `done`, beside what every command has. Left out where there is none, as all that came later: digests stay. */
  env?: { [name: string]: string };
  /** Of a baseline: how often its command is run and timed. */
  measure?: number;
  /** Of a review: how long a person has for it. */
  decideMs?: number;
  timeoutMs: number;
  expect: Expect;
  facts: { [name: string]: FactSource };
  repeat: 'safe' | 'check' | 'never';
  /** With `repeat: check`: how to see that the step is done already. */
  done: Invocation | null;
  attempts: number;
  onFailure: 'stop' | 'rollback';
  changes: boolean;
}

export interface Runbook {
  runbook: string;
  title: string;
  parameters: { [name: string]: { type: (typeof parameterTypes)[number] } };
  steps: Step[];
}

/** A runbook and the digest that orders name it by. */
export interface DigestedRunbook {
  runbook: string;
  digest: string;
  content: Runbook;
}

const name = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const pathPattern = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

export function parseRunbook(file: string, text: string): { runbook: DigestedRunbook } | { problems: FileProblem[] } {
  const yaml = new YamlFile(file, text);
  const fields = yaml.root.map(['runbook', 'title', 'parameters', 'steps']);
  const parameters: Runbook['parameters'] = {};
  for (const [key, field] of fields.parameters.entries()) {
    if (!/^[a-z][a-z0-9]{0,31}$/.test(key)) field.wrong('has a name that is not lower-case letters and digits');
    parameters[key] = { type: field.map(['type']).type.oneOf(parameterTypes) };
  }
  const stepFields = fields.steps.list();
  if (stepFields.length === 0) fields.steps.wrong('must list at least one step');
  const sound: boolean[] = [];
  const steps = stepFields.map((field, i) => {
    const before = yaml.problems.length;
    const step = readStep(field);
    sound[i] = yaml.problems.length === before;
    return step;
  });
  const content: Runbook = {
    runbook: fields.runbook.text(name, 'lower-case letters, digits and dashes'),
    title: fields.title.text(/^.{1,120}$/, 'a text of at most 120 characters'),
    parameters,
    steps,
  };
  checkSteps(content, stepFields, sound);
  if (yaml.problems.length > 0) return { problems: yaml.problems };
  return { runbook: { runbook: content.runbook, digest: digestOf(content), content } };
}

const stepKeys = ['step', 'title', 'kind', 'run', 'install', 'env', 'measure', 'decide-within', 'timeout', 'expect', 'facts', 'repeat', 'done', 'attempts', 'on-failure', 'changes'] as const;

function readStep(field: Field): Step {
  const fields = field.map(stepKeys);
  const done = fields.done.present ? fields.done.map(['run', 'expect']) : undefined;
  return {
    step: fields.step.text(name, 'lower-case letters, digits and dashes'),
    title: fields.title.text(/^.{1,120}$/, 'a text of at most 120 characters'),
    kind: fields.kind.oneOf(stepKinds),
    run: fields.run.present ? readArguments(fields.run) : null,
    install: fields.install.present ? readInstall(fields.install) : null,
    ...(fields.env.present ? { env: readEnv(fields.env) } : {}),
    ...(fields.measure.present ? { measure: fields.measure.integer(1, 50) } : {}),
    ...(fields['decide-within'].present ? { decideMs: readDuration(fields['decide-within']) } : {}),
    timeoutMs: readDuration(fields.timeout),
    expect: readExpect(fields.expect),
    facts: Object.fromEntries(fields.facts.entries().map(([key, one]) => [key, readFact(key, one)])),
    repeat: fields.repeat.oneOf(['safe', 'check', 'never']),
    done: done ? { run: readArguments(done.run), expect: readExpect(done.expect) } : null,
    attempts: fields.attempts.present ? fields.attempts.integer(1, 5) : 1,
    onFailure: fields['on-failure'].oneOf(['stop', 'rollback']),
    changes: fields.changes.present ? fields.changes.boolean() : false,
  };
}

/** A program and its arguments, each as it is written: 1.10 is not the number 1.1. */
export function readArguments(field: Field): string[] {
  const list = field.list();
  if (list.length === 0) field.wrong('must list a program and its arguments');
  const program = (one: Field) => one.text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'the bare name of a program on the node\'s path');
  return list.map((one, i) => (i === 0 ? program(one) : one.written(/^.{0,4000}$/s, 'a text of at most 4000 characters')));
}

/** What an agent sets itself, and by which it knows its processes. */
const ownVariables = /^(HOME|PATH|ROLLBOOK_.*)$/;

function readEnv(field: Field): { [name: string]: string } {
  return Object.fromEntries(field.entries().map(([key, one]) => {
    if (!/^[A-Z][A-Z0-9_]{0,63}$/.test(key)) one.wrong('has a name that is not capitals, digits and underscores');
    else if (ownVariables.test(key)) one.wrong('is set by the agent itself');
    return [key, one.written(/^.{0,4000}$/s, 'a text of at most 4000 characters')];
  }));
}

function readInstall(field: Field): Install {
  const fields = field.map(['artifact', 'sha256', 'to', 'mode']);
  return {
    artifact: fields.artifact.text(/^(?!.*\.\.)(\$\{\w*\}|[A-Za-z0-9])(\$\{\w*\}|[A-Za-z0-9._/-])*$/, 'a relative path, of parameters or spelt out'),
    sha256: fields.sha256.text(/^(\$\{\w*\}|[0-9a-f]{64})$/, 'a parameter, or a SHA-256 in 64 hex digits'),
    to: fields.to.text(/^(?!.*\.\.)[A-Za-z0-9._][A-Za-z0-9._/-]{0,199}(?<![/.])$/, 'a path under the node\'s home'),
    mode: fields.mode.text(/^[0-7]{3}$/, 'three octal digits, in quotes'),
  };
}

function readExpect(field: Field): Expect {
  if (!field.present) return { exit: 0, stdout: null, json: {} };
  const fields = field.map(['exit', 'stdout', 'json']);
  const stdout = fields.stdout.present ? fields.stdout.text() : null;
  if (stdout !== null && !compiles(stdout)) fields.stdout.wrong('is not a regular expression');
  const exit = fields.exit.present ? fields.exit.integer(0, 255) : null;
  const json = Object.fromEntries(fields.json.entries().map(([key, one]) => [jsonPath(key, one), one.scalar()]));
  // Whatever happens would do, and whatever happens is not success.
  if (exit === null && stdout === null && Object.keys(json).length === 0) field.wrong('must expect something: exit, stdout or json');
  return { exit, stdout, json };
}

function jsonPath(path: string, field: Field): string {
  if (!pathPattern.test(path)) field.wrong('must be named by a path like a.b.c');
  return path;
}

function readFact(key: string, field: Field): FactSource {
  if (!/^[A-Za-z][A-Za-z0-9]{0,63}$/.test(key)) field.wrong('has a name that is not letters and digits');
  const fields = field.map(['json', 'match']);
  if (fields.json.present === fields.match.present) field.wrong('must say either json or match');
  if (fields.json.present) return { json: fields.json.text(pathPattern, 'a path like a.b.c') };
  const match = fields.match.text();
  if (!compiles(match) || new RegExp(`${match}|`).exec('')?.length !== 2) fields.match.wrong('must be a regular expression with exactly one group');
  return { match };
}

function readDuration(field: Field): number {
  const [, amount, unit] = /^(\d{1,6})(ms|s|m)$/.exec(field.text(/^\d{1,6}(ms|s|m)$/, 'a time like 500ms, 60s or 5m')) ?? [];
  const ms = Number(amount ?? 0) * ({ ms: 1, s: 1_000, m: 60_000 }[unit ?? 'ms'] ?? 0);
  if (amount !== undefined && (ms < 100 || ms > 24 * 3_600_000)) field.wrong('must lie between 100ms and a day');
  return ms;
}

function compiles(pattern: string): boolean {
  try {
    new RegExp(pattern);
    return true;
  } catch {
    return false;
  }
}
