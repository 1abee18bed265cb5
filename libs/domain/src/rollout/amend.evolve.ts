import { SteadyList } from '../kernel/steady-list.js';
import type { PlanHeader, Rollout } from './rollout.js';

/**
 * A new generation of the plan: what has been admitted stays as it was, what waited is listed anew behind it. A wave
 * that was under way ends with its last admitted node.
 */
export function amended(state: Rollout, { digest, nodes: _nodes, kept, reason: _reason, ...header }: PlanHeader & { digest: string; nodes: number; kept: number; reason: string }): Rollout {
  const members = [...state.members].slice(0, kept);
  const waves = state.waves.flatMap((wave, i) => {
    const begin = i === 0 ? 0 : state.waves[i - 1]!.end;
    if (begin >= kept) return [];
    const end = Math.min(wave.end, kept);
    return [{ ...wave, end, nodes: end - begin }];
  });
  const tally = { ...state.tally, waiting: 0 };
  const index = new Map(members.map((member, i) => [member.node, i]));
  return { ...state, header, digest, members: SteadyList.of(members), index, tally, waves, gates: null };
}

/** They are no longer listed; this is what says why. */
export function leftOut(state: Rollout, nodes: readonly string[]): Rollout {
  const still = nodes.find((node) => state.index.has(node));
  if (still !== undefined) throw new Error(`node ${still} was left out of rollout ${state.header.rollout}, which lists it`);
  return state;
}
