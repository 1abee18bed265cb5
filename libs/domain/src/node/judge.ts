import { digestPattern, versionPattern } from '../kernel/names.js';
import type { FactValue, NodeEvent, StepFacts, StepReport } from './node.js';
import type { Passage, PlannedStep } from './passage.js';
import { passageData, targetOf, valuesOf } from './passage.js';

/**
 * What a report is worth. `inconsistent`: the agent said it succeeded and the measurement says otherwise.
 * `proven` are the facts that the evidence establishes; a bad verdict may still establish what was measured.
 */
export type Verdict =
  | { good: true; proven: NodeEvent[] }
  | { good: false; reason: string; inconsistent: boolean; proven: NodeEvent[] };

interface Case {
  node: string;
  product: string;
  passage: Passage;
  step: PlannedStep;
  facts: StepFacts;
  output: StepReport['output'];
}

/** Success is measured: the agent's word alone makes no step good, and missing evidence never counts as good. */
export function judge({ node, product }: { node: string; product: string }, passage: Passage, step: PlannedStep, report: StepReport): Verdict {
  const one: Case = { node, product, passage, step, facts: report.facts, output: report.output };
  const measured = judges[step.kind](one);
  if (report.outcome === 'succeeded') return measured;
  // The measurement says more than that a command ended with another code than it should.
  const told = !measured.good && measured.reason !== missing.reason ? measured.reason : (report.reason ?? report.outcome);
  // Another version than the one that was claimed to be installed contradicts that claim, whatever this command said.
  return bad(told, measurements(one), step.kind === 'version' && !measured.good && measured.inconsistent);
}

const detailMax = 300;

/** What the product itself says is wrong, by the facts `problems` or `message`, for people. */
export function detailOf({ facts }: StepReport): string | null {
  const { problems, message } = facts;
  const text = Array.isArray(problems) && problems.length > 0 ? problems.join('; ') : typeof message === 'string' ? message : '';
  // Not through the middle of a character: half of one is no text that the ledger could hold.
  return text === '' ? null : text.slice(0, detailMax).replace(/[\uD800-\uDBFF]$/, '');
}

function bad(reason: string, proven: NodeEvent[] = [], inconsistent = false): Extract<Verdict, { good: false }> {
  return { good: false, reason, inconsistent, proven };
}

function good(...proven: NodeEvent[]): Verdict {
  return { good: true, proven };
}

const missing = bad('evidence-missing');

/** What was measured counts as known also when the step did not succeed: a red health check is an observation. */
function measurements(one: Case): NodeEvent[] {
  const { kind } = one.step;
  if (kind === 'health') return healthObserved(one);
  if (kind === 'validation') return validationRun(one);
  return kind === 'version' ? versionObserved(one) : [];
}

function healthObserved({ node, facts }: Case): NodeEvent[] {
  const health = facts['health'];
  if (health !== 'healthy' && health !== 'degraded' && health !== 'unhealthy') return [];
  return [{ type: 'node.health-observed', data: { node, health, source: 'verification' } }];
}

function versionObserved({ node, facts }: Case): NodeEvent[] {
  const version = text(facts['version']);
  if (version === undefined || !versionPattern.test(version)) return [];
  return [{ type: 'node.version-observed', data: { node, version, source: 'verification' } }];
}

const judges: Record<PlannedStep['kind'], (one: Case) => Verdict> = {
  command: () => good(),
  system: ({ facts }) => (facts['ok'] === true ? good() : facts['ok'] === undefined ? missing : bad('system-unfit')),
  feature: ({ facts }) => (facts['ok'] === true ? good() : facts['ok'] === undefined ? missing : bad('feature-broken')),
  config: ({ facts }) => (facts['valid'] === true ? good() : facts['valid'] === undefined ? missing : bad('config-invalid')),
  health: (one) => {
    const proven = healthObserved(one);
    if (proven.length === 0) return missing;
    return one.facts['health'] === 'healthy' ? good(...proven) : bad('unhealthy', proven);
  },
  version: (one) => {
    const proven = versionObserved(one);
    if (proven.length === 0) return missing;
    if (one.facts['version'] === targetOf(one.passage, one.step)) return good(...proven);
    // After an install that was claimed, another version is a contradiction; before it, only a wrong start.
    return bad('version-mismatch', proven, one.passage.result === 'claimed');
  },
  backup: backedUp,
  archive: backedUp,
  remove: () => good(),
  // What there is to look at; the decision is a person's, and comes after.
  review: ({ output }) => (output === null ? missing : good()),
  baseline: (one) => {
    const measured = baselineMeasured(one);
    if (!measured) return missing;
    const { when, medianMs, beforeMs } = measured.data;
    if (when === 'before') return good(measured);
    if (beforeMs === null) return bad(missing.reason, [measured]);
    const { baselineRatio, baselineFloorMs } = one.passage.route.limits;
    return medianMs > Math.max(beforeMs * baselineRatio, baselineFloorMs) ? bad('slower-than-before', [measured]) : good(measured);
  },
  validation: (one) => {
    const [run] = validationRun(one);
    if (!run) return missing;
    const { total, passed, failed } = run.data;
    return total > 0 && passed > 0 && failed === 0 ? good(run) : bad('validation-failed', [run]);
  },
  'backup-check': (one) => {
    const { passage, facts } = one;
    const sha256 = digest(facts['sha256']);
    if (sha256 === undefined || passage.backup === null) return missing;
    if (sha256 !== passage.backup.sha256) return bad('backup-differs', [], true);
    return good({ type: 'backup.verified', data: { ...passageData(one), name: passage.backup.name, sha256 } });
  },
  'migration-check': (one) => {
    const { facts } = one;
    const { needed, manual } = facts;
    const [fromSchema, toSchema] = [schema(facts['fromSchema']), schema(facts['toSchema'])];
    if (typeof needed !== 'boolean' || !Array.isArray(manual) || fromSchema === undefined || toSchema === undefined) return missing;
    const checked: NodeEvent = { type: 'migration.checked', data: { ...passageData(one), needed, manual, fromSchema, toSchema } };
    return manual.length === 0 ? good(checked) : bad('manual-care-needed', [checked]);
  },
  migration: (one) => {
    const { facts } = one;
    const [fromSchema, toSchema] = [schema(facts['fromSchema']), schema(facts['toSchema'])];
    if (fromSchema === undefined || toSchema === undefined) return missing;
    return good({ type: 'migration.applied', data: { ...passageData(one), fromSchema, toSchema } });
  },
  install: (one) => {
    const { passage, step, facts } = one;
    const sha256 = digest(facts['sha256']);
    if (sha256 === undefined) return missing;
    const release = valuesOf(passage, step)['sha256'];
    if (sha256 !== (step.sha256 ?? release)) return bad('artifact-differs', [], true);
    // Other artifacts, as an installer, are put in place as well; the release is not there with them.
    return sha256 === release ? good({ type: 'release.installed', data: { ...passageData(one), sha256 } }) : good();
  },
  restore: (one) => {
    const { passage, step, facts } = one;
    const sha256 = digest(facts['sha256']);
    if (sha256 === undefined || typeof facts['matches'] !== 'boolean') return missing;
    const equalsBackup = facts['matches'] && (passage.backup === null || passage.backup.sha256 === sha256);
    const name = valuesOf(passage, step)['backup'] ?? '';
    const restored: NodeEvent = { type: 'backup.restored', data: { ...passageData(one), name, sha256, equalsBackup } };
    return equalsBackup ? good(restored) : bad('restore-differs', [restored], true);
  },
};

function backedUp(one: Case): Verdict {
  const { passage, step, facts } = one;
  const [name, sha256, bytes] = [text(facts['name']), digest(facts['sha256']), facts['bytes']];
  if (name === undefined || sha256 === undefined || typeof bytes !== 'number' || !(bytes > 0)) return missing;
  if (name !== valuesOf(passage, step)['backup']) return bad('backup-other-name', [], true);
  return good({ type: 'backup.created', data: { ...passageData(one), backup: { name, sha256, bytes } } });
}

/** Before anything may have changed it is what the rest is compared with; afterwards it is compared. */
function baselineMeasured(one: Case): Extract<NodeEvent, { type: 'baseline.measured' }> | undefined {
  const { passage, facts } = one;
  const medianMs = millis(facts['medianMs']);
  const runs = Array.isArray(facts['runsMs']) ? facts['runsMs'].map((run) => millis(Number(run))) : [];
  if (medianMs === undefined || runs.length === 0 || runs.includes(undefined)) return undefined;
  const when = passage.kind === 'rollback' || passage.changed ? 'after' : 'before';
  const data = { ...passageData(one), phase: passage.kind, when, medianMs, runs: runs as number[], beforeMs: when === 'before' ? null : passage.baselineMs } as const;
  return { type: 'baseline.measured', data };
}

function validationRun(one: Case): Extract<NodeEvent, { type: 'validation.run' }>[] {
  const suite = text(one.facts['suite']);
  const [total, passed, failed] = [count(one.facts['total']), count(one.facts['passed']), count(one.facts['failed'])];
  if (suite === undefined || total === undefined || passed === undefined || failed === undefined || passed + failed > total) return [];
  return [{ type: 'validation.run', data: { ...passageData(one), phase: one.passage.kind, suite, total, passed, failed } }];
}

function millis(value: FactValue | undefined): number | undefined {
  return typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : undefined;
}

function count(value: FactValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function text(value: FactValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function digest(value: FactValue | undefined): string | undefined {
  return typeof value === 'string' && digestPattern.test(value) ? value : undefined;
}

/** Products number or name their config schemas. */
function schema(value: FactValue | undefined): string | undefined {
  return typeof value === 'number' ? String(value) : text(value);
}
