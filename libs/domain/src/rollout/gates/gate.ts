import type { CanaryLimits } from '../canary/limits.js';

/** When a gate is asked, and when it must have come to an end. */
interface Asking {
  /** The wave after which it stands; null: after every wave, the last one too. */
  after: number | null;
  everySeconds: number;
  /** From its opening; what is not decided by then holds. */
  withinSeconds: number;
}

interface Measuring extends Asking {
  /** Good samples in a row that open it. */
  passes: number;
  /** Bad samples in a row that end it. */
  failures: number;
  /** What measured badness leads to. Missing data never leads to more than a hold. */
  otherwise: 'hold' | 'rollback';
}

/** A number that nodes of a canary count, as their product reports it: it only ever grows, but for restarts. */
export interface CanaryMetric {
  metric: string;
  /** Which way is worse. */
  worse: 'higher' | 'lower';
  /** The counter that says how much was done meanwhile; null: time is what counts. */
  per: string | null;
  /** Shown, and never counted. */
  shadow: boolean;
}

export interface CanaryGate extends Asking {
  gate: 'canary';
  soakSeconds: number;
  /** From its opening; what is measured before is not compared. */
  warmUpSeconds: number;
  /** Before the first wave: how long canaries and their control group are measured as they are. */
  baselineSeconds: number;
  /** How often the metrics are compared; fixed before, since every look can raise a false alarm. */
  looks: number;
  /** Nodes of later waves that are watched beside the canaries, at most. */
  control: number;
  metrics: CanaryMetric[];
  limits: CanaryLimits;
}

/** What stands between a wave and the next one. Each is decided from samples that are on record. */
export type Gate =
  | ({ gate: 'health' } & Measuring)
  | ({ gate: 'manual' } & Asking)
  | ({ gate: 'prometheus'; url: string; query: string; threshold: string } & Measuring)
  | ({ gate: 'webhook'; url: string } & Measuring)
  | CanaryGate;

export type Verdict = 'promote' | 'hold' | 'rollback' | 'insufficient';

/** One canary, or one node of its control group, as it was found. `unknown` is never `ok`. */
export interface WatchedNode {
  node: string;
  group: 'canary' | 'control';
  outcome: 'ok' | 'failed' | 'unknown';
  /** Why it is not ok, as a code. */
  reason: string | null;
  /** By metric, what was counted before and since, over how many minutes, or how much was done; null where nothing was. */
  counts: { [metric: string]: { before: Counted | null; since: Counted | null } };
}

export interface Counted {
  count: number;
  over: number;
}

/** What was found when a gate was asked. An input: what follows from it is decided from this alone. */
export type GateSample =
  | { gate: 'health'; nodes: number; ok: number; failed: string[]; unknown: string[]; failedCount: number; unknownCount: number }
  | { gate: 'prometheus'; outcome: 'values' | 'empty' | 'not-a-number' | 'unreadable' | 'unreachable'; values: number[]; series: number; says: string | null }
  | { gate: 'webhook'; outcome: 'answered' | 'unreadable' | 'unreachable'; verdict: string | null; status: number | null; says: string | null }
  | { gate: 'canary'; nodes: WatchedNode[] }
  /** Nobody was asked: its time is over. */
  | { gate: 'manual' };

/** What was decided on a sample. */
export interface Judgement {
  verdict: Verdict;
  /** Whether the gate is done with; otherwise it is asked again. */
  final: boolean;
  /** As a code. */
  reason: string;
  /** What people read: what was found, and what the sample can exclude. */
  says: string;
  /** Samples in a row so far. */
  good: number;
  bad: number;
  /** Comparisons of metrics so far. */
  looks: number;
  /** The numbers behind it, with the method that made them. */
  method: { [name: string]: string | number | boolean | null | { [name: string]: string | number | boolean | null } };
}
