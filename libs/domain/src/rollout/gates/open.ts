import { accept, nothing } from '../../kernel/decision.js';
import type { Decision } from '../../kernel/decision.js';
import { later } from '../../kernel/time.js';
import type { Instant } from '../../kernel/time.js';
import { groupsOf, watchAsked, watchSeconds } from '../canary/groups.js';
import type { Rollout, RolloutEvent } from '../rollout.js';
import type { Gate } from './gate.js';

/** Opens the gates behind a wave, waits for them, or goes back. Undefined when all of them let pass. */
export function passGates(state: Rollout, wave: number, gates: readonly number[], at: Instant): Decision<RolloutEvent> | undefined {
  const { rollout } = state.header;
  if (state.gates?.wave !== wave) return open(state, wave, gates, at);
  const back = state.gates.stands.find((stand) => stand.verdict === 'rollback');
  if (back) return accept({ type: 'rollout.rollback-begun', data: { rollout, wave, gate: back.gate, reason: 'gate-rollback' } });
  return state.gates.stands.every((stand) => stand.verdict === 'promote') ? undefined : nothing;
}

function open(state: Rollout, wave: number, gates: readonly number[], at: Instant): Decision<RolloutEvent> {
  const { rollout, strategy } = state.header;
  const stands = gates.map((gate) => ({ gate, dueBy: later(at, strategy.gates[gate]!.withinSeconds) }));
  const opened: RolloutEvent = { type: 'rollout.gates-opened', data: { rollout, wave, round: state.rounds + 1, gates: stands, openedAt: at } };
  return accept(opened, ...gates.flatMap((gate) => watches(state, wave, strategy.gates[gate]!, at)));
}

/** Nodes that a gate asks about are looked at more often as long as it may be asked. */
function watches(state: Rollout, wave: number, gate: Gate, at: Instant): RolloutEvent[] {
  const until = later(at, gate.withinSeconds);
  const { rollout } = state.header;
  if (gate.gate === 'canary') {
    const { canaries, control } = groupsOf(state, gate);
    return watchAsked(rollout, [...canaries, ...control], watchSeconds(gate), until);
  }
  if (gate.gate !== 'health') return [];
  const nodes = [...state.members].filter((member) => member.wave === wave && member.place === 'verified').map((member) => member.node);
  return watchAsked(rollout, nodes, Math.max(1, Math.floor(gate.everySeconds / 2)), until);
}
