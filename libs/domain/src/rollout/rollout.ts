import { never } from '../kernel/decision.js';
import { SteadyList } from '../kernel/steady-list.js';
import type { Instant } from '../kernel/time.js';
import type { Result, Route } from '../node/passage.js';
import type { Weighed } from '../policy/weigh.js';
import { amended, leftOut } from './amend.evolve.js';
import { decidedGate, judgedGate, openedGates, sampledGate } from './gates/evolve.js';
import type { OpenGates } from './gates/evolve.js';
import type { GateSample, Judgement } from './gates/gate.js';
import type { Target } from './plan.js';
import type { RolloutStrategy } from './strategy.js';

/** How a node's part in a rollout ended; `skipped` never began. */
export type Outcome = 'verified' | 'failed' | 'rolled-back' | 'skipped' | 'astray';

export type EndState = 'succeeded' | 'partial' | 'failed' | 'aborted' | 'expired' | 'rolled-back' | 'rollback-failed';

/** Why a rollout takes no more nodes. */
export type StopReason = 'failure-limit' | 'nodes-missing' | 'error-threshold' | 'success-threshold' | 'no-node-to-spare' | 'aborted';

/** Which of its nodes a rollout takes back; null: all that it can. */
export type Scope = { wave: number } | { nodes: string[] } | null;

export interface PlanHeader extends Weighed {
  rollout: string;
  generation: number;
  parent: string | null;
  product: string;
  to: string;
  selector: string;
  strategy: RolloutStrategy;
  startBy: Instant;
  policyDigest: string;
}

interface GateData {
  rollout: string;
  wave: number;
  round: number;
  /** Its place in the strategy. */
  gate: number;
}

/**
 * Inputs (what people, nodes, gates and the clock did) and decisions (what followed) are events of their own: decisions
 * are a pure function of what stands before them in the stream.
 */
export type RolloutEvent =
  | { type: 'rollout.planned'; data: PlanHeader & { digest: string; nodes: number; alreadyThere: number } }
  | { type: 'rollout.route-laid'; data: { rollout: string; route: Route } }
  | { type: 'rollout.targets-listed'; data: { rollout: string; first: number; targets: (Target & { from: string })[] } }
  | { type: 'rollout.amended'; data: PlanHeader & { digest: string; nodes: number; kept: number; reason: string } }
  | { type: 'rollout.nodes-left-out'; data: { rollout: string; nodes: string[] } }
  | { type: 'rollout.started'; data: { rollout: string; digest: string } }
  | { type: 'rollout.paused'; data: { rollout: string; reason: string; resumeBy: Instant; otherwise: 'abort' } }
  | { type: 'rollout.resumed'; data: { rollout: string } }
  | { type: 'rollout.aborted'; data: { rollout: string; reason: string } }
  | { type: 'rollout.expired'; data: { rollout: string; wait: 'start' | 'resume'; deadline: Instant } }
  | { type: 'rollout.rollback-asked'; data: { rollout: string; reason: string; scope: Scope } }
  | { type: 'rollout.node-settled'; data: { rollout: string; node: string; outcome: Outcome; result: Result | null; reason: string | null } }
  | { type: 'rollout.baseline-begun'; data: { rollout: string; canaries: string[]; control: string[]; begunAt: Instant; until: Instant } }
  | { type: 'rollout.baseline-ended'; data: { rollout: string; deadline: Instant } }
  | { type: 'rollout.gates-opened'; data: { rollout: string; wave: number; round: number; gates: { gate: number; dueBy: Instant }[]; openedAt: Instant } }
  | { type: 'rollout.watch-asked'; data: { rollout: string; nodes: string[]; everySeconds: number; until: Instant } }
  | { type: 'rollout.gate-sampled'; data: GateData & { sample: number; takenAt: Instant; found: GateSample; part: number; parts: number } }
  | { type: 'rollout.gate-judged'; data: GateData & Judgement & { sample: number; holdBy: Instant | null } }
  | { type: 'rollout.gate-decided'; data: GateData & { accept: boolean; reason: string; goesOn: boolean } }
  | { type: 'rollout.wave-passed'; data: { rollout: string; wave: number } }
  | { type: 'rollout.nodes-admitted'; data: { rollout: string; nodes: string[] } }
  | { type: 'rollout.nodes-recalled'; data: { rollout: string; nodes: string[] } }
  | { type: 'rollout.rollback-begun'; data: { rollout: string; wave: number; gate: number; reason: string } }
  | { type: 'rollout.stopped'; data: { rollout: string; reason: StopReason } }
  | { type: 'rollout.completed'; data: { rollout: string; state: EndState } };

export type Place = 'waiting' | 'under-way' | 'verified' | 'failed' | 'rolled-back' | 'skipped' | 'astray' | 'recalling';

export interface Member {
  node: string;
  route: number;
  /** From 1. */
  wave: number;
  place: Place;
}

/** Numbers of members by place, kept along so that no decision counts 10,000 nodes. */
export type Tally = { [P in Place]: number };

/** How a wave's nodes ended when they were upgraded; what became of them later does not change it. */
export interface WaveTally {
  /** Its members stand before this one. */
  end: number;
  nodes: number;
  verified: number;
  failed: number;
}

export interface Rollout {
  status: 'planned' | 'running' | 'paused' | 'stopping' | 'rolling-back' | 'ended';
  header: PlanHeader;
  routes: readonly Route[];
  digest: string;
  members: SteadyList<Member>;
  index: ReadonlyMap<string, number>;
  tally: Tally;
  waves: readonly WaveTally[];
  /** Waves that are over, with all their gates. */
  passed: number;
  /** Nodes that no longer answered. */
  missing: number;
  /** Before the first wave of canaries that are compared with themselves. */
  baseline: { canaries: string[]; control: string[]; begunAt: Instant; until: Instant; ended: boolean } | null;
  gates: OpenGates | null;
  /** How often gates were opened. */
  rounds: number;
  /** Members before this one have been admitted. */
  admitted: number;
  /** Members from this one on have been looked at by the rollback, which goes from last to first. */
  recalled: number;
  scope: Scope;
  resumeBy: Instant | null;
  stop: StopReason | null;
  end: EndState | null;
}

export type RolloutState = { status: 'none' } | Rollout;

export const noRollout: RolloutState = { status: 'none' };

/** Why a node's part ended, when it was because it did not answer. */
const silences: readonly (string | null)[] = ['no-acceptance', 'no-report'];

export function evolveRollout(state: RolloutState, event: RolloutEvent): RolloutState {
  if (event.type === 'rollout.planned') return planned(event.data);
  if (state.status === 'none') throw new Error(`${event.type} before the rollout was planned`);
  switch (event.type) {
    case 'rollout.route-laid':
      return { ...state, routes: [...state.routes, event.data.route] };
    case 'rollout.targets-listed':
      return withTargets(state, event.data.targets);
    case 'rollout.amended':
      return amended(state, event.data);
    case 'rollout.watch-asked':
      return state;
    case 'rollout.nodes-left-out':
      return leftOut(state, event.data.nodes);
    case 'rollout.started':
      return { ...state, status: 'running', resumeBy: null };
    case 'rollout.resumed':
      // Gates that held are asked anew.
      return { ...state, status: 'running', resumeBy: null, gates: state.gates?.held ? null : state.gates };
    case 'rollout.paused':
      return { ...state, status: 'paused', resumeBy: event.data.resumeBy };
    case 'rollout.aborted':
      return { ...state, status: 'stopping', stop: 'aborted', resumeBy: null, gates: null };
    case 'rollout.expired':
      return event.data.wait === 'start' ? { ...state, status: 'ended', end: 'expired' } : { ...state, status: 'stopping', stop: 'aborted', resumeBy: null, gates: null };
    case 'rollout.rollback-asked':
      return { ...state, status: 'rolling-back', recalled: state.members.length, scope: event.data.scope, end: null };
    case 'rollout.rollback-begun':
      return { ...state, status: 'rolling-back', recalled: state.members.length, scope: null, gates: null, resumeBy: null };
    case 'rollout.stopped':
      return { ...state, status: 'stopping', stop: event.data.reason, gates: null };
    case 'rollout.completed':
      return { ...state, status: 'ended', end: event.data.state };
    default:
      return withinWaves(state, event);
  }
}

type WaveEvent = Extract<
  RolloutEvent,
  {
    type:
      | 'rollout.node-settled' | 'rollout.nodes-admitted' | 'rollout.nodes-recalled' | 'rollout.wave-passed' | 'rollout.baseline-begun' | 'rollout.baseline-ended'
      | 'rollout.gates-opened' | 'rollout.gate-sampled' | 'rollout.gate-judged' | 'rollout.gate-decided';
  }
>;

function withinWaves(state: Rollout, event: WaveEvent): Rollout {
  switch (event.type) {
    case 'rollout.nodes-admitted':
      return { ...moved(state, event.data.nodes, 'under-way'), admitted: state.admitted + event.data.nodes.length };
    case 'rollout.nodes-recalled':
      return recalled(state, event.data.nodes);
    case 'rollout.node-settled':
      // Settled twice, by two writers who did not know of each other: the first one counts.
      return isAwaited(state, event.data.node) ? settled(state, event.data) : state;
    case 'rollout.wave-passed':
      return { ...state, passed: event.data.wave, gates: null };
    case 'rollout.baseline-begun': {
      const { canaries, control, begunAt, until } = event.data;
      return { ...state, baseline: { canaries, control, begunAt, until, ended: false } };
    }
    case 'rollout.baseline-ended':
      return { ...state, baseline: state.baseline && { ...state.baseline, ended: true } };
    case 'rollout.gates-opened':
      return openedGates(state, event.data);
    case 'rollout.gate-sampled':
      return sampledGate(state, event.data);
    case 'rollout.gate-judged':
      return judgedGate(state, event.data);
    case 'rollout.gate-decided':
      return decidedGate(state, event.data);
    default:
      return never(event);
  }
}

const nobody: Tally = { waiting: 0, 'under-way': 0, verified: 0, failed: 0, 'rolled-back': 0, skipped: 0, astray: 0, recalling: 0 };

function planned({ digest, nodes: _nodes, alreadyThere: _already, ...header }: Extract<RolloutEvent, { type: 'rollout.planned' }>['data']): Rollout {
  return {
    status: 'planned', header, routes: [], digest, members: SteadyList.of<Member>([]), index: new Map(), tally: nobody, waves: [], passed: 0, missing: 0,
    baseline: null, gates: null, rounds: 0, admitted: 0, recalled: 0, scope: null, resumeBy: null, stop: null, end: null,
  };
}

function withTargets(state: Rollout, targets: Target[]): Rollout {
  const members = [...state.members, ...targets.map(({ node, route, wave }): Member => ({ node, route, wave, place: 'waiting' }))];
  const waves = [...state.waves];
  for (const { wave } of targets) {
    const before = waves[wave - 1] ?? { end: waves.at(-1)?.end ?? 0, nodes: 0, verified: 0, failed: 0 };
    waves[wave - 1] = { ...before, end: before.end + 1, nodes: before.nodes + 1 };
  }
  const index = new Map(members.map((member, i) => [member.node, i]));
  return { ...state, members: SteadyList.of(members), index, waves, tally: { ...state.tally, waiting: state.tally.waiting + targets.length } };
}

export function moved(state: Rollout, nodes: readonly string[], place: Place): Rollout {
  let { members } = state;
  const tally = { ...state.tally };
  for (const node of nodes) {
    const at = state.index.get(node);
    if (at === undefined) throw new Error(`node ${node} is not in rollout ${state.header.rollout}`);
    const member = members.at(at);
    tally[member.place] -= 1;
    tally[place] += 1;
    members = members.set(at, { ...member, place });
  }
  return { ...state, members, tally };
}

function settled(state: Rollout, { node, outcome, reason }: Extract<RolloutEvent, { type: 'rollout.node-settled' }>['data']): Rollout {
  const { wave, place } = state.members.at(state.index.get(node)!);
  const after = moved(state, [node], outcome);
  if (place !== 'under-way') return after;
  const tally = state.waves[wave - 1]!;
  const failed = outcome === 'failed' || outcome === 'rolled-back' || outcome === 'astray';
  const counted = { ...tally, verified: tally.verified + (outcome === 'verified' ? 1 : 0), failed: tally.failed + (failed ? 1 : 0) };
  return { ...after, waves: state.waves.with(wave - 1, counted), missing: state.missing + (failed && silences.includes(reason) ? 1 : 0) };
}

/** Recalls go from the last member to the first; those in between had nothing to take back. */
function recalled(state: Rollout, nodes: string[]): Rollout {
  const first = Math.min(...nodes.map((node) => state.index.get(node) ?? state.members.length));
  return { ...moved(state, nodes, 'recalling'), recalled: first };
}

/** Whether a node's part has begun, or is being taken back, and is still to end. */
export function isAwaited(state: Rollout, node: string): boolean {
  const at = state.index.get(node);
  if (at === undefined) throw new Error(`node ${node} is not in rollout ${state.header.rollout}`);
  const { place } = state.members.at(at);
  return place === 'under-way' || place === 'recalling';
}

/** The one word that people read for where a rollout stands. */
export function rolloutWord(state: Rollout): Exclude<Rollout['status'], 'ended'> | EndState {
  return state.status === 'ended' ? state.end! : state.status;
}
