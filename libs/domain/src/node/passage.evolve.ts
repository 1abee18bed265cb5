import { never } from '../kernel/decision.js';
import type { KnownNode, NodeEvent } from './node.js';
import type { Passage, StepState } from './passage.js';

type PassageEvent = Exclude<
  NodeEvent,
  { type: 'node.registered' | 'node.relabelled' | 'node.version-observed' | 'node.health-observed' }
>;

export function evolvePassage(state: KnownNode, event: PassageEvent): KnownNode {
  switch (event.type) {
    case 'upgrade.started':
      return begin(state, 'upgrade', event.data, null, null);
    case 'rollback.started':
      return begin(state, 'rollback', event.data, event.data.backup, event.data.baselineMs);
    case 'step.reported-late':
    case 'backup.verified':
    case 'migration.checked':
    case 'migration.applied':
    case 'validation.run':
      return state;
    case 'upgrade.verified':
    case 'upgrade.failed':
    case 'rollback.verified':
    case 'rollback.failed':
      return end(state, event);
    case 'step.ordered':
    case 'step.accepted':
    case 'step.reported':
    case 'step.expired':
    case 'backup.created':
    case 'backup.restored':
    case 'baseline.measured':
    case 'release.installed':
    case 'upgrade.stop-asked':
      return { ...state, activity: { kind: 'passage', passage: within(passageOf(state, event.type), event) } };
    default:
      return never(event);
  }
}

type Start = Extract<PassageEvent, { type: 'upgrade.started' | 'rollback.started' }>['data'];

function begin(state: KnownNode, kind: Passage['kind'], data: Start, backup: Passage['backup'], baselineMs: number | null): KnownNode {
  const { rollout, planDigest, epoch, route, waits } = data;
  const [from, to] = kind === 'upgrade' ? [route.from, route.to] : [route.to, route.from];
  const passage: Passage = {
    kind, rollout, planDigest, epoch, from, to, route, waits, step: { at: 'none' }, changed: false, result: 'commanded',
    backup, baselineMs, measured: null, restored: null, stopping: null,
  };
  const lastUpgrade: KnownNode['lastUpgrade'] =
    kind === 'upgrade' ? { rollout, planDigest, route, waits, backup: null, baselineMs: null, result: 'commanded', stands: false } : state.lastUpgrade;
  return { ...state, epoch, activity: { kind: 'passage', passage }, lastUpgrade };
}

type WithinEvent = Extract<
  PassageEvent,
  { type: 'step.ordered' | 'step.accepted' | 'step.reported' | 'step.expired' | 'backup.created' | 'backup.restored' | 'baseline.measured' | 'release.installed' | 'upgrade.stop-asked' }
>;

function within(passage: Passage, event: WithinEvent): Passage {
  switch (event.type) {
    case 'step.ordered': {
      const { order, index, attempt, acceptBy, finishBy, changes } = event.data;
      const step: StepState = { at: 'ordered', order, index, attempt, acceptBy, finishBy, changedBefore: passage.changed };
      // From here on the step may have run, whether or not anybody ever hears of it. What was measured before is void.
      return { ...passage, step, changed: passage.changed || changes, measured: changes ? null : passage.measured };
    }
    case 'step.accepted':
      return passage.step.at === 'ordered' ? { ...passage, step: { ...passage.step, at: 'accepted' } } : passage;
    case 'step.reported':
      return reported(passage, event.data);
    case 'step.expired': {
      const { index, attempt, wait } = event.data;
      return { ...passage, step: { at: 'bad', index, attempt, reason: `no-${wait}`, detail: null, inconsistent: false } };
    }
    case 'backup.created':
      return { ...passage, backup: event.data.backup };
    case 'backup.restored':
      return { ...passage, restored: event.data.sha256 };
    case 'baseline.measured':
      return event.data.when === 'before' ? { ...passage, baselineMs: event.data.medianMs } : passage;
    case 'release.installed':
      return { ...passage, result: 'claimed' };
    case 'upgrade.stop-asked':
      return { ...passage, stopping: event.data.reason };
    default:
      return never(event);
  }
}

function reported(passage: Passage, data: Extract<NodeEvent, { type: 'step.reported' }>['data']): Passage {
  const { index, attempt, good, inconsistent, verdict, detail, report, kind } = data;
  const measured = kind === 'version' && typeof report.facts['version'] === 'string' ? report.facts['version'] : passage.measured;
  if (good) return { ...passage, measured, step: { at: 'good', index } };
  const refused = report.outcome === 'refused' && passage.step.at !== 'none' && 'changedBefore' in passage.step;
  const changed = refused && 'changedBefore' in passage.step ? passage.step.changedBefore : passage.changed;
  return { ...passage, measured, changed, step: { at: 'bad', index, attempt, reason: verdict ?? 'failed', detail, inconsistent } };
}

type EndEvent = Extract<PassageEvent, { type: 'upgrade.verified' | 'upgrade.failed' | 'rollback.verified' | 'rollback.failed' }>;

function end(state: KnownNode, event: EndEvent): KnownNode {
  const passage = passageOf(state, event.type);
  const last = state.lastUpgrade;
  switch (event.type) {
    case 'upgrade.verified':
      return { ...state, activity: { kind: 'idle' }, lastUpgrade: last && { ...last, backup: passage.backup, baselineMs: passage.baselineMs, result: 'verified', stands: true } };
    case 'upgrade.failed': {
      const { result, changed } = event.data;
      return { ...state, activity: { kind: 'idle' }, lastUpgrade: last && { ...last, backup: passage.backup, baselineMs: passage.baselineMs, result, stands: changed } };
    }
    case 'rollback.verified':
      return { ...state, activity: { kind: 'idle' }, lastUpgrade: last && { ...last, stands: false } };
    case 'rollback.failed':
      return { ...state, health: 'unknown', activity: { kind: 'astray', reason: event.data.reason, rollout: event.data.rollout } };
    default:
      return never(event);
  }
}

function passageOf(state: KnownNode, type: string): Passage {
  if (state.activity.kind !== 'passage') throw new Error(`${type} on node ${state.node}, which is in no passage`);
  return state.activity.passage;
}
