import { never } from '../kernel/decision.js';
import type { KnownNode, NodeEvent } from './node.js';
import { stepsOf } from './passage.js';
import type { Passage, StepState } from './passage.js';

type PassageEvent = Exclude<
  NodeEvent,
  { type: 'node.registered' | 'node.relabelled' | 'node.version-observed' | 'node.health-observed' }
>;

export function evolvePassage(state: KnownNode, event: PassageEvent): KnownNode {
  switch (event.type) {
    case 'upgrade.started':
      return begin(state, { kind: 'upgrade' }, event.data);
    case 'rollback.started':
      return begin(state, { kind: 'rollback', backup: event.data.backup, baselineMs: event.data.baselineMs }, event.data);
    case 'procedure.started':
      return begin(state, { kind: 'procedure', procedure: event.data.procedure, wasAstray: astrayOf(state) }, { ...event.data, planDigest: '' });
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
    case 'procedure.completed':
    case 'procedure.failed':
      return end(state, event);
    case 'review.requested':
    case 'review.accepted':
    case 'review.rejected':
    case 'review.expired':
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

type Start = Pick<Extract<PassageEvent, { type: 'upgrade.started' }>['data'], 'rollout' | 'planDigest' | 'epoch' | 'route' | 'waits'>;

function begin(state: KnownNode, own: Partial<Passage> & Pick<Passage, 'kind'>, data: Start): KnownNode {
  const { rollout, planDigest, epoch, route, waits } = data;
  const { kind } = own;
  const [from, to] = kind === 'rollback' ? [route.to, route.from] : [route.from, route.to];
  const passage: Passage = {
    rollout, planDigest, epoch, from, to, route, waits, procedure: null, wasAstray: null, step: { at: 'none' }, changed: false, result: 'commanded',
    backup: null, baselineMs: null, measured: null, restored: null, stopping: null, ...own,
  };
  const lastUpgrade: KnownNode['lastUpgrade'] =
    kind === 'upgrade' ? { rollout, planDigest, route, waits, backup: null, baselineMs: null, result: 'commanded', stands: false } : state.lastUpgrade;
  return { ...state, epoch, activity: { kind: 'passage', passage }, lastUpgrade };
}

function astrayOf({ activity }: KnownNode): Passage['wasAstray'] {
  return activity.kind === 'astray' ? { reason: activity.reason, rollout: activity.rollout } : null;
}

type ReviewEvent = Extract<PassageEvent, { type: 'review.requested' | 'review.accepted' | 'review.rejected' | 'review.expired' }>;
type WithinEvent = ReviewEvent | Extract<
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
    case 'review.requested':
    case 'review.accepted':
    case 'review.rejected':
    case 'review.expired':
      return { ...passage, step: reviewed(passage, event) };
    default:
      return never(event);
  }
}

function reviewed(passage: Passage, event: ReviewEvent): StepState {
  if (passage.step.at !== 'to-review' && passage.step.at !== 'in-review') throw new Error(`${event.type} on node ${event.data.node}, where nothing is to be reviewed`);
  const { index, order } = passage.step;
  // What a person has turned down is not asked again.
  const attempt = stepsOf(passage)[index]!.attempts;
  switch (event.type) {
    case 'review.requested':
      return { at: 'in-review', index, order, decideBy: event.data.decideBy };
    case 'review.accepted':
      return { at: 'good', index };
    case 'review.rejected':
      return { at: 'bad', index, attempt, reason: 'review-rejected', detail: event.data.reason, inconsistent: false };
    case 'review.expired':
      return { at: 'bad', index, attempt, reason: 'review-expired', detail: null, inconsistent: false };
    default:
      return never(event);
  }
}

function reported(passage: Passage, data: Extract<NodeEvent, { type: 'step.reported' }>['data']): Passage {
  const { index, attempt, good, inconsistent, verdict, detail, report, kind } = data;
  const measured = kind === 'version' && typeof report.facts['version'] === 'string' ? report.facts['version'] : passage.measured;
  if (good && kind === 'review') return { ...passage, measured, step: { at: 'to-review', index, order: data.order, evidence: report.output! } };
  if (good) return { ...passage, measured, step: { at: 'good', index } };
  const refused = report.outcome === 'refused' && passage.step.at !== 'none' && 'changedBefore' in passage.step;
  const changed = refused && 'changedBefore' in passage.step ? passage.step.changedBefore : passage.changed;
  return { ...passage, measured, changed, step: { at: 'bad', index, attempt, reason: verdict ?? 'failed', detail, inconsistent } };
}

type EndEvent = Extract<
  PassageEvent,
  { type: 'upgrade.verified' | 'upgrade.failed' | 'rollback.verified' | 'rollback.failed' | 'procedure.completed' | 'procedure.failed' }
>;

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
    case 'procedure.completed':
      return { ...state, activity: event.data.astray ? { kind: 'astray', ...passage.wasAstray! } : { kind: 'idle' } };
    case 'procedure.failed': {
      const { changed, astray, reason, rollout } = event.data;
      if (changed) return { ...state, health: 'unknown', activity: { kind: 'astray', reason, rollout } };
      return { ...state, activity: astray ? { kind: 'astray', ...passage.wasAstray! } : { kind: 'idle' } };
    }
    default:
      return never(event);
  }
}

function passageOf(state: KnownNode, type: string): Passage {
  if (state.activity.kind !== 'passage') throw new Error(`${type} on node ${state.node}, which is in no passage`);
  return state.activity.passage;
}
