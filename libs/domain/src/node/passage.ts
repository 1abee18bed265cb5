import type { FailureRule, Migration, RepeatRule, StepKind } from '../product/product.js';
import type { Instant } from '../kernel/time.js';

/** A step as a plan fixes it: which runbook by digest, and the rules for when it fails. */
export interface PlannedStep {
  runbook: string;
  digest: string;
  step: string;
  title: string;
  kind: StepKind;
  /** Index of the leg that it belongs to. */
  leg: number;
  timeoutSeconds: number;
  attempts: number;
  repeat: RepeatRule;
  onFailure: FailureRule;
  changes: boolean;
  /** Names of the parameters that its runbook declares. */
  parameters: string[];
  /** Of an install: the digest of what is to be in place. */
  sha256?: string;
  /** Of a review: how long a person has for it. */
  decideSeconds?: number;
}

/** What every order of a passage may fill its parameters from. */
export type RouteValues = { [name: string]: string };

/** Part of a route, from one release to the next. */
export interface Leg {
  from: string;
  to: string;
  migration: Migration;
  /** What a person has to know or to do, in words. */
  notes: string[];
  values: RouteValues;
}

/** What measurements after a change are judged by. */
export interface Limits {
  /** A start-up that takes more than so many times as long as before is slower. */
  baselineRatio: number;
  /** In milliseconds; below it nothing counts as slower. */
  baselineFloorMs: number;
}

/** One way through the plan, for all nodes that start from the same version and are upgraded by the same method. */
export interface Route {
  from: string;
  to: string;
  method: string | null;
  /** Of the hardest leg. */
  migration: Migration;
  legs: Leg[];
  limits: Limits;
  /** The steps of all legs in order. */
  upgrade: PlannedStep[];
  /** Back to where the node came from, however many legs there were. */
  rollback: PlannedStep[];
  rollbackValues: RouteValues;
}

/** How long a passage waits, in seconds. */
export interface Waits {
  /** For the agent to take an order. */
  acceptSeconds: number;
  /** For the report, beyond the step's own time-out. */
  graceSeconds: number;
}

export interface Backup {
  name: string;
  sha256: string;
  bytes: number;
}

/** How far success is known: ordered, said by the agent, measured, or measured to be otherwise than said. */
export type Result = 'commanded' | 'claimed' | 'verified' | 'inconsistent';

export interface Order {
  order: string;
  index: number;
  attempt: number;
  acceptBy: Instant;
  finishBy: Instant;
}

/** What a step said, by digest. */
export interface Evidence {
  sha256: string;
  bytes: number;
  truncated: boolean;
}

/** Where the current step stands. `changedBefore` is what an order refused by the agent falls back to. */
export type StepState =
  | { at: 'none' }
  | ({ at: 'ordered' | 'accepted'; changedBefore: boolean } & Order)
  | { at: 'good'; index: number }
  | { at: 'to-review'; index: number; order: string; evidence: Evidence }
  | { at: 'in-review'; index: number; order: string; decideBy: Instant }
  | { at: 'bad'; index: number; attempt: number; reason: string; detail: string | null; inconsistent: boolean };

/** One passage of a node: an upgrade, the rollback of one, or a procedure. Only one at a time, each under an epoch of its own. */
export interface Passage {
  kind: 'upgrade' | 'rollback' | 'procedure';
  /** The rollout that it belongs to; of a procedure its own id. */
  rollout: string;
  /** Name of the procedure, of one. */
  procedure: string | null;
  /** Of a procedure on a node that was astray: why it was. */
  wasAstray: { reason: string; rollout: string } | null;
  planDigest: string;
  epoch: number;
  from: string;
  to: string;
  route: Route;
  waits: Waits;
  step: StepState;
  /** Whether a step that changes the installation may have run. */
  changed: boolean;
  result: Result;
  backup: Backup | null;
  /** Start-up time in milliseconds before anything was changed, if it was measured. */
  baselineMs: number | null;
  /** The version measured after the last change, if any. */
  measured: string | null;
  /** Digest of what was restored, in a rollback. */
  restored: string | null;
  /** Set when the passage must end after the step under way. */
  stopping: string | null;
}

export function stepsOf(passage: Passage): PlannedStep[] {
  return passage.kind === 'rollback' ? passage.route.rollback : passage.route.upgrade;
}

export function valuesOf(passage: Passage, step: PlannedStep): RouteValues {
  return passage.kind === 'rollback' ? passage.route.rollbackValues : passage.route.legs[step.leg]!.values;
}

/** The version that a step is to find: on the way there that of its leg, on the way back where the node came from. */
export function targetOf(passage: Passage, step: PlannedStep): string {
  return passage.kind === 'rollback' ? passage.to : passage.route.legs[step.leg]!.to;
}

/** Readable and the same for the same attempt at the same step, so that repeating a decision repeats the order. */
export function orderId(rollout: string, node: string, epoch: number, index: number, attempt: number): string {
  return `${rollout}.${node}.${epoch}.${index}.${attempt}`;
}

/** Ids of procedures; those of rollouts begin otherwise. */
export function isProcedure(id: string): boolean {
  return id.startsWith('p-');
}

export function isUnderWay(passage: Passage): boolean {
  return passage.step.at === 'ordered' || passage.step.at === 'accepted';
}

/** What every event of a passage says of it. */
export function passageData({ node, product, passage }: { node: string; product: string; passage: Passage }) {
  return { node, product, rollout: passage.rollout, from: passage.from, to: passage.to };
}

/** What every event of a procedure says beside that. */
export function procedureData({ procedure, rollout }: Passage) {
  return { procedure: procedure ?? '', id: rollout };
}
