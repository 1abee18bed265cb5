import { digestPattern, versionPattern } from '../kernel/names.js';
import type { FactValue, NodeEvent, StepFacts, StepReport } from './node.js';
import type { Passage, PlannedStep } from './passage.js';
import { passageData, valuesOf } from './passage.js';

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
  facts: StepFacts;
}

/** Success is measured: the agent's word alone makes no step good, and missing evidence never counts as good. */
export function judge({ node, product }: { node: string; product: string }, passage: Passage, step: PlannedStep, report: StepReport): Verdict {
  const one: Case = { node, product, passage, facts: report.facts };
  const measured = judges[step.kind](one);
  if (report.outcome === 'succeeded') return measured;
  // The measurement says more than that a command ended with another code than it should.
  const told = !measured.good && measured.reason !== missing.reason ? measured.reason : (report.reason ?? report.outcome);
  // Another version than the one that was claimed to be installed contradicts that claim, whatever this command said.
  return bad(told, measurements(one, step), step.kind === 'version' && !measured.good && measured.inconsistent);
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
function measurements(one: Case, step: PlannedStep): NodeEvent[] {
  if (step.kind === 'health') return healthObserved(one);
  return step.kind === 'version' ? versionObserved(one) : [];
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
    if (one.facts['version'] === one.passage.to) return good(...proven);
    // After an install that was claimed, another version is a contradiction; before it, only a wrong start.
    return bad('version-mismatch', proven, one.passage.result === 'claimed');
  },
  backup: (one) => {
    const { passage, facts } = one;
    const [name, sha256, bytes] = [text(facts['name']), digest(facts['sha256']), facts['bytes']];
    if (name === undefined || sha256 === undefined || typeof bytes !== 'number' || !(bytes > 0)) return missing;
    if (name !== valuesOf(passage)['backup']) return bad('backup-other-name', [], true);
    return good({ type: 'backup.created', data: { ...passageData(one), backup: { name, sha256, bytes } } });
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
    const { passage, facts } = one;
    const sha256 = digest(facts['sha256']);
    if (sha256 === undefined) return missing;
    if (sha256 !== valuesOf(passage)['sha256']) return bad('artifact-differs', [], true);
    return good({ type: 'release.installed', data: { ...passageData(one), sha256 } });
  },
  restore: (one) => {
    const { passage, facts } = one;
    const sha256 = digest(facts['sha256']);
    if (sha256 === undefined || typeof facts['matches'] !== 'boolean') return missing;
    const equalsBackup = facts['matches'] && (passage.backup === null || passage.backup.sha256 === sha256);
    const name = valuesOf(passage)['backup'] ?? '';
    const restored: NodeEvent = { type: 'backup.restored', data: { ...passageData(one), name, sha256, equalsBackup } };
    return equalsBackup ? good(restored) : bad('restore-differs', [restored], true);
  },
};

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
