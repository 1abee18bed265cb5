import { never } from '../kernel/decision.js';
import { SteadyList } from '../kernel/steady-list.js';
import type { Instant } from '../kernel/time.js';
import type { Result, Route } from '../node/passage.js';
import type { Weighed } from '../policy/weigh.js';
import type { Target } from './plan.js';
import type { RolloutStrategy } from './strategy.js';

/** How a node's part in a rollout ended; `skipped` never began. */
export type Outcome = 'verified' | 'failed' | 'rolled-back' | 'skipped' | 'astray';

export type EndState = 'succeeded' | 'partial' | 'failed' | 'aborted' | 'expired' | 'rolled-back' | 'rollback-failed';

/** Why a rollout takes no more nodes. */
export type StopReason = 'failure-limit' | 'no-node-to-spare' | 'aborted';

interface PlanHeader extends Weighed {
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

/**
 * Inputs (what people, nodes and the clock did) and decisions (what followed) are events of their own: decisions are a
 * pure function of what stands before them in the stream.
 */
export type RolloutEvent =
  | { type: 'rollout.planned'; data: PlanHeader & { digest: string; nodes: number; alreadyThere: number } }
  | { type: 'rollout.route-laid'; data: { rollout: string; route: Route } }
  | { type: 'rollout.targets-listed'; data: { rollout: string; targets: (Target & { from: string })[] } }
  | { type: 'rollout.started'; data: { rollout: string; digest: string } }
  | { type: 'rollout.paused'; data: { rollout: string; reason: string; resumeBy: Instant; otherwise: 'abort' } }
  | { type: 'rollout.resumed'; data: { rollout: string } }
  | { type: 'rollout.aborted'; data: { rollout: string; reason: string } }
  | { type: 'rollout.expired'; data: { rollout: string; wait: 'start' | 'resume'; deadline: Instant } }
  | { type: 'rollout.rollback-asked'; data: { rollout: string; reason: string } }
  | { type: 'rollout.node-settled'; data: { rollout: string; node: string; outcome: Outcome; result: Result | null; reason: string | null } }
  | { type: 'rollout.nodes-admitted'; data: { rollout: string; nodes: string[] } }
  | { type: 'rollout.nodes-recalled'; data: { rollout: string; nodes: string[] } }
  | { type: 'rollout.stopped'; data: { rollout: string; reason: StopReason } }
  | { type: 'rollout.completed'; data: { rollout: string; state: EndState } };

export type Place = 'waiting' | 'under-way' | 'verified' | 'failed' | 'rolled-back' | 'skipped' | 'astray' | 'recalling';

export interface Member {
  node: string;
  route: number;
  place: Place;
}

/** Numbers of members by place, kept along so that no decision counts 10,000 nodes. */
export type Tally = { [P in Place]: number };

export interface Rollout {
  status: 'planned' | 'running' | 'paused' | 'stopping' | 'rolling-back' | 'ended';
  header: PlanHeader;
  routes: readonly Route[];
  digest: string;
  members: SteadyList<Member>;
  index: ReadonlyMap<string, number>;
  tally: Tally;
  /** Members before this one have been admitted. */
  admitted: number;
  /** Members from this one on have been looked at by the rollback, which goes from last to first. */
  recalled: number;
  resumeBy: Instant | null;
  stop: StopReason | null;
  end: EndState | null;
}

export type RolloutState = { status: 'none' } | Rollout;

export const noRollout: RolloutState = { status: 'none' };

export function evolveRollout(state: RolloutState, event: RolloutEvent): RolloutState {
  if (event.type === 'rollout.planned') return planned(event.data);
  if (state.status === 'none') throw new Error(`${event.type} before the rollout was planned`);
  switch (event.type) {
    case 'rollout.route-laid':
      return { ...state, routes: [...state.routes, event.data.route] };
    case 'rollout.targets-listed':
      return withTargets(state, event.data.targets);
    case 'rollout.started':
    case 'rollout.resumed':
      return { ...state, status: 'running', resumeBy: null };
    case 'rollout.paused':
      return { ...state, status: 'paused', resumeBy: event.data.resumeBy };
    case 'rollout.aborted':
      return { ...state, status: 'stopping', stop: 'aborted', resumeBy: null };
    case 'rollout.expired':
      return event.data.wait === 'start' ? { ...state, status: 'ended', end: 'expired' } : { ...state, status: 'stopping', stop: 'aborted', resumeBy: null };
    case 'rollout.rollback-asked':
      return { ...state, status: 'rolling-back', recalled: state.members.length, end: null };
    case 'rollout.nodes-admitted':
      return { ...moved(state, event.data.nodes, 'under-way'), admitted: state.admitted + event.data.nodes.length };
    case 'rollout.nodes-recalled':
      return recalled(state, event.data.nodes);
    case 'rollout.node-settled':
      // Settled twice, by two writers who did not know of each other: the first one counts.
      return isAwaited(state, event.data.node) ? moved(state, [event.data.node], event.data.outcome) : state;
    case 'rollout.stopped':
      return { ...state, status: 'stopping', stop: event.data.reason };
    case 'rollout.completed':
      return { ...state, status: 'ended', end: event.data.state };
    default:
      return never(event);
  }
}

const nobody: Tally = { waiting: 0, 'under-way': 0, verified: 0, failed: 0, 'rolled-back': 0, skipped: 0, astray: 0, recalling: 0 };

function planned({ digest, nodes: _nodes, alreadyThere: _already, ...header }: Extract<RolloutEvent, { type: 'rollout.planned' }>['data']): Rollout {
  return {
    status: 'planned', header, routes: [], digest, members: SteadyList.of<Member>([]), index: new Map(), tally: nobody, admitted: 0, recalled: 0,
    resumeBy: null, stop: null, end: null,
  };
}

function withTargets(state: Rollout, targets: Target[]): Rollout {
  const members = [...state.members, ...targets.map(({ node, route }): Member => ({ node, route, place: 'waiting' }))];
  const index = new Map(members.map((member, i) => [member.node, i]));
  return { ...state, members: SteadyList.of(members), index, tally: { ...nobody, waiting: members.length } };
}

function moved(state: Rollout, nodes: string[], place: Place): Rollout {
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
