import { accept, nothing } from '../../kernel/decision.js';
import type { Decision } from '../../kernel/decision.js';
import { later } from '../../kernel/time.js';
import type { Instant } from '../../kernel/time.js';
import { canaryGateOf, groupsOf, watchSeconds } from '../canary/groups.js';
import type { Rollout, RolloutEvent } from '../rollout.js';

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
  const canary = gates.some((gate) => strategy.gates[gate]!.gate === 'canary') ? canaryGateOf(strategy) : undefined;
  const { canaries, control } = canary ? groupsOf(state, canary) : { canaries: [], control: [] };
  const watch = canary ? { nodes: [...canaries, ...control], everySeconds: watchSeconds(canary), until: later(at, canary.withinSeconds) } : null;
  return accept({ type: 'rollout.gates-opened', data: { rollout, wave, round: state.rounds + 1, gates: stands, openedAt: at, watch } });
}
