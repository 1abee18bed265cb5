import { accept, nothing } from '../../kernel/decision.js';
import type { Decision } from '../../kernel/decision.js';
import { later } from '../../kernel/time.js';
import type { Instant } from '../../kernel/time.js';
import type { CanaryGate } from '../gates/gate.js';
import type { Rollout, RolloutEvent } from '../rollout.js';
import type { RolloutStrategy } from '../strategy.js';

/** Canaries at most: what is found of each must fit beside the others on record. */
export const canariesMax = 300;

export function canaryGateOf({ gates }: RolloutStrategy): CanaryGate | undefined {
  return gates.find((gate) => gate.gate === 'canary');
}

/** The canaries are the first wave. Nodes of later waves stand beside them: nobody chose those, and they wait meanwhile. */
export function groupsOf(state: Rollout, gate: CanaryGate): { canaries: string[]; control: string[] } {
  const end = state.waves[0]?.end ?? 0;
  const nodes = (from: number, to: number) => Array.from({ length: Math.max(0, to - from) }, (_, i) => state.members.at(from + i).node);
  return { canaries: nodes(0, end), control: nodes(end, Math.min(state.members.length, end + gate.control)) };
}

/** How often canaries and their control group are looked at: as often as the gate is asked, and a little oftener. */
export function watchSeconds(gate: CanaryGate): number {
  return Math.max(1, Math.floor(gate.everySeconds / 2));
}

/** Nodes in one event at most. */
const nodesPerEvent = 500;

export function watchAsked(rollout: string, nodes: readonly string[], everySeconds: number, until: Instant): RolloutEvent[] {
  const events: RolloutEvent[] = [];
  for (let i = 0; i < nodes.length; i += nodesPerEvent) events.push({ type: 'rollout.watch-asked', data: { rollout, nodes: nodes.slice(i, i + nodesPerEvent), everySeconds, until } });
  return events;
}

/** Before the first canary: measures them and the control group as they are. Undefined when there is nothing to wait for. */
export function beginBaseline(state: Rollout, at: Instant): Decision<RolloutEvent> | undefined {
  const gate = canaryGateOf(state.header.strategy);
  if (!gate || gate.baselineSeconds === 0 || gate.metrics.length === 0 || state.admitted > 0) return undefined;
  if (state.baseline) return state.baseline.ended ? undefined : nothing;
  const until = later(at, gate.baselineSeconds);
  const { rollout } = state.header;
  const groups = groupsOf(state, gate);
  const begun: RolloutEvent = { type: 'rollout.baseline-begun', data: { rollout, ...groups, begunAt: at, until } };
  return accept(begun, ...watchAsked(rollout, [...groups.canaries, ...groups.control], watchSeconds(gate), until));
}
