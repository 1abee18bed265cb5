import { accept, isRefused, refuse } from '../kernel/decision.js';
import type { Decision } from '../kernel/decision.js';
import type { Refusal } from '../kernel/refusals.js';
import { targetsPerEvent } from './advance.js';
import type { DigestOf, Plan, Target } from './plan.js';
import { rolloutWord } from './rollout.js';
import type { Rollout, RolloutEvent } from './rollout.js';
import { checkStrategy } from './strategy.js';
import type { RolloutStrategy } from './strategy.js';
import { intoWaves } from './waves.js';

export interface Amendment {
  strategy: RolloutStrategy;
  /** Of the nodes that still wait, those that stay; null: all. */
  nodes: string[] | null;
}

/** The next generation of a plan: only what has not begun can be other than it was. */
export function makeAmendment({ strategy, nodes }: Amendment, state: Rollout, digestOf: DigestOf): { plan: Plan; digest: string } | { refusal: Refusal } {
  const { header, routes } = state;
  const { rollout } = header;
  const wrong = notAmendable(state) ?? checkStrategy(strategy);
  if (wrong) return wrong;
  const waiting = [...state.members].slice(state.admitted);
  const left = new Set(nodes ?? waiting.map((member) => member.node));
  const stranger = [...left].find((node) => !waiting.some((member) => member.node === node));
  if (stranger !== undefined) return refuse('node-not-waiting', { rollout, node: stranger });
  const kept = waiting.filter((member) => left.has(member.node));
  if (kept.length === 0) return refuse('amend-nothing', { rollout });
  const made = intoWaves(strategy.waves, kept.map((member) => member.node), new Set([...state.members].map((member) => member.node)));
  if (isRefused(made)) return made;
  const first = wavesBegun(state);
  const targets = made.waves.flatMap((wave, i) => wave.map((node): Target => ({ node, route: state.members.at(state.index.get(node)!).route, wave: first + i + 1 })));
  const plan: Plan = { ...header, generation: header.generation + 1, parent: state.digest, strategy, routes: [...routes], targets };
  return { plan, digest: digestOf(plan) };
}

/** Waves of which a node has been admitted; a wave under way ends there. */
function wavesBegun(state: Rollout): number {
  return state.admitted === 0 ? 0 : state.members.at(state.admitted - 1).wave;
}

function notAmendable(state: Rollout): { refusal: Refusal } | undefined {
  const { rollout } = state.header;
  if (!['planned', 'running', 'paused'].includes(state.status)) return refuse('rollout-not-amendable', { rollout, state: rolloutWord(state) });
  return state.admitted === state.members.length ? refuse('amend-nothing', { rollout }) : undefined;
}

/** Nodes in one event at most that only lists names. */
const namesPerEvent = 500;

export function amend({ plan, digest, reason }: { plan: Plan; digest: string; reason: string }, state: Rollout): Decision<RolloutEvent> {
  const { rollout } = state.header;
  const wrong = notAmendable(state);
  if (wrong) return wrong;
  if (plan.parent !== state.digest) return refuse('plan-changed', { rollout, digest: state.digest });
  const { targets, routes, ...header } = plan;
  const listed = new Set(targets.map((target) => target.node));
  const admitted = [...listed].find((node) => !state.index.has(node) || state.index.get(node)! < state.admitted);
  if (admitted !== undefined) return refuse('node-not-waiting', { rollout, node: admitted });
  const gone = [...state.members].slice(state.admitted).map((member) => member.node).filter((node) => !listed.has(node));
  const events: RolloutEvent[] = [{ type: 'rollout.amended', data: { ...header, digest, nodes: state.admitted + targets.length, kept: state.admitted, reason } }];
  for (let i = 0; i < gone.length; i += namesPerEvent) events.push({ type: 'rollout.nodes-left-out', data: { rollout, nodes: gone.slice(i, i + namesPerEvent) } });
  return accept(...events, ...targetEvents(rollout, targets, routes, state.admitted));
}

export function targetEvents(rollout: string, targets: readonly Target[], routes: Plan['routes'], before: number): RolloutEvent[] {
  const events: RolloutEvent[] = [];
  for (let i = 0; i < targets.length; i += targetsPerEvent) {
    const listed = targets.slice(i, i + targetsPerEvent).map((target) => ({ ...target, from: routes[target.route]!.from }));
    events.push({ type: 'rollout.targets-listed', data: { rollout, first: before + i + 1, targets: listed } });
  }
  return events;
}
