import { never } from '../kernel/decision.js';
import type { Instant } from '../kernel/time.js';
import { evolvePassage } from './passage.evolve.js';
import type { Backup, Evidence, Passage, Result, Route, Waits } from './passage.js';

export type Health = 'healthy' | 'degraded' | 'unhealthy' | 'unknown';
export type ObservationSource = 'announcement' | 'schedule' | 'verification';

export type FactValue = string | number | boolean | string[];
export type StepFacts = { [name: string]: FactValue };

/** What an agent says of an order it finished with. */
export interface StepReport {
  outcome: 'succeeded' | 'failed' | 'timed-out' | 'interrupted' | 'refused';
  /** Why it did not succeed, as a code; null when it did. */
  reason: string | null;
  startedAt: Instant | null;
  finishedAt: Instant;
  exit: number | null;
  facts: StepFacts;
  /** The output by digest; `truncated` when the agent kept less than there was. */
  output: { sha256: string; bytes: number; truncated: boolean } | null;
  /** True when the step was found done already and not run again. */
  found: boolean;
}

/** What every event of a passage says of it. */
interface PassageData {
  node: string;
  product: string;
  rollout: string;
  from: string;
  to: string;
}

/** What every event of a procedure says of it; its id stands also where other passages name their rollout. `astray`: so it leaves the node. */
type ProcedureData = PassageData & { procedure: string; id: string };

/** What every event of a review says: the order whose output is looked at, and in which passage. */
interface ReviewData {
  node: string;
  product: string;
  rollout: string;
  order: string;
  phase: Passage['kind'];
  runbook: string;
  step: string;
  title: string;
}

interface OrderData {
  node: string;
  rollout: string;
  order: string;
  epoch: number;
  index: number;
  attempt: number;
}

export type NodeEvent =
  | { type: 'node.registered'; data: { node: string; site: string; product: string; labels: { [name: string]: string } } }
  | { type: 'node.relabelled'; data: { node: string; labels: { [name: string]: string } } }
  | { type: 'node.version-observed'; data: { node: string; version: string; source: ObservationSource } }
  | { type: 'node.health-observed'; data: { node: string; health: Health; source: ObservationSource } }
  | { type: 'upgrade.started'; data: PassageData & { planDigest: string; epoch: number; route: Route; waits: Waits } }
  | { type: 'step.ordered'; data: OrderData & { phase: Passage['kind']; site: string; product: string; runbook: string; digest: string; step: string; kind: string; title: string; changes: boolean; parameters: { [name: string]: string }; timeoutSeconds: number; acceptBy: Instant; finishBy: Instant } }
  | { type: 'step.accepted'; data: OrderData & { agent: string; acceptedAt: Instant; finishBy: Instant } }
  | { type: 'step.reported'; data: OrderData & { agent: string; step: string; title: string; kind: string; good: boolean; inconsistent: boolean; verdict: string | null; detail: string | null; report: StepReport } }
  | { type: 'step.reported-late'; data: { node: string; order: string; agent: string; report: StepReport } }
  | { type: 'step.expired'; data: OrderData & { wait: 'acceptance' | 'report'; deadline: Instant } }
  | { type: 'backup.created'; data: PassageData & { backup: Backup } }
  | { type: 'backup.verified'; data: PassageData & { name: string; sha256: string } }
  | { type: 'backup.restored'; data: PassageData & { name: string; sha256: string; equalsBackup: boolean } }
  | { type: 'migration.checked'; data: PassageData & { needed: boolean; manual: string[]; fromSchema: string; toSchema: string } }
  | { type: 'migration.applied'; data: PassageData & { fromSchema: string; toSchema: string } }
  | { type: 'release.installed'; data: PassageData & { sha256: string } }
  | { type: 'baseline.measured'; data: PassageData & { phase: Passage['kind']; when: 'before' | 'after'; medianMs: number; runs: number[]; beforeMs: number | null } }
  | { type: 'validation.run'; data: PassageData & { phase: Passage['kind']; suite: string; total: number; passed: number; failed: number } }
  | { type: 'review.requested'; data: ReviewData & { evidence: Evidence; decideBy: Instant } }
  | { type: 'review.accepted'; data: ReviewData & { reason: string | null } }
  | { type: 'review.rejected'; data: ReviewData & { reason: string } }
  | { type: 'review.expired'; data: ReviewData & { deadline: Instant } }
  | { type: 'procedure.started'; data: ProcedureData & { title: string; epoch: number; route: Route; waits: Waits } }
  | { type: 'procedure.completed'; data: ProcedureData & { changed: boolean; astray: boolean } }
  | { type: 'procedure.failed'; data: ProcedureData & { step: string | null; reason: string; detail: string | null; changed: boolean; astray: boolean } }
  | { type: 'upgrade.stop-asked'; data: PassageData & { reason: string } }
  | { type: 'upgrade.verified'; data: PassageData }
  | { type: 'upgrade.failed'; data: PassageData & { step: string | null; reason: string; detail: string | null; result: Result; changed: boolean } }
  | { type: 'rollback.started'; data: PassageData & { planDigest: string; epoch: number; route: Route; waits: Waits; backup: Backup | null; baselineMs: number | null; reason: string } }
  | { type: 'rollback.verified'; data: PassageData & { restored: string | null } }
  | { type: 'rollback.failed'; data: PassageData & { step: string | null; reason: string; detail: string | null } };

/** What a node is doing. `astray`: a rollback failed, and nobody can say what it runs until it is observed healthy. */
export type Activity = { kind: 'idle' } | { kind: 'passage'; passage: Passage } | { kind: 'astray'; reason: string; rollout: string };

export type NodeState =
  | { status: 'none' }
  | {
      status: 'registered';
      node: string;
      site: string;
      product: string;
      labels: { [name: string]: string };
      version: string | null;
      health: Health;
      epoch: number;
      activity: Activity;
      /** The upgrade whose rollback is still possible, and whether it holds. */
      lastUpgrade: { rollout: string; planDigest: string; route: Route; waits: Waits; backup: Backup | null; baselineMs: number | null; result: Result; stands: boolean } | null;
    };

export type KnownNode = Extract<NodeState, { status: 'registered' }>;

export const noNode: NodeState = { status: 'none' };

export function evolveNode(state: NodeState, event: NodeEvent): NodeState {
  if (event.type === 'node.registered') {
    const { node, site, product, labels } = event.data;
    return { status: 'registered', node, site, product, labels, version: null, health: 'unknown', epoch: 0, activity: { kind: 'idle' }, lastUpgrade: null };
  }
  if (state.status === 'none') throw new Error(`${event.type} before the node was registered`);
  switch (event.type) {
    case 'node.relabelled':
      return { ...state, labels: event.data.labels };
    case 'node.version-observed':
      return { ...state, version: event.data.version };
    case 'node.health-observed':
      return settleAstray({ ...state, health: event.data.health });
    case 'upgrade.started':
    case 'rollback.started':
    case 'procedure.started':
    case 'procedure.completed':
    case 'procedure.failed':
    case 'review.requested':
    case 'review.accepted':
    case 'review.rejected':
    case 'review.expired':
    case 'step.ordered':
    case 'step.accepted':
    case 'step.reported':
    case 'step.expired':
    case 'step.reported-late':
    case 'backup.created':
    case 'backup.verified':
    case 'backup.restored':
    case 'migration.checked':
    case 'migration.applied':
    case 'release.installed':
    case 'baseline.measured':
    case 'validation.run':
    case 'upgrade.stop-asked':
    case 'upgrade.verified':
    case 'upgrade.failed':
    case 'rollback.verified':
    case 'rollback.failed':
      return evolvePassage(state, event);
    default:
      return never(event);
  }
}

/** A node observed healthy at a known version is a node that can be planned for again. */
function settleAstray(state: KnownNode): KnownNode {
  const settled = state.activity.kind === 'astray' && state.health === 'healthy' && state.version !== null;
  return settled ? { ...state, activity: { kind: 'idle' } } : state;
}

const passageWords = { upgrade: 'upgrading', rollback: 'rolling-back', procedure: 'in-procedure' } as const;

/** The one word that people read for what a node is doing; a passage that waits for a person says that. */
export function activityWord(activity: Activity): 'ready' | 'in-review' | (typeof passageWords)[Passage['kind']] | 'astray' {
  if (activity.kind !== 'passage') return activity.kind === 'idle' ? 'ready' : 'astray';
  return activity.passage.step.at === 'in-review' ? 'in-review' : passageWords[activity.passage.kind];
}
