import type { DomainEvent } from '#domain';
import type { MemberRow, RolloutRow } from './rollouts.projection.js';

export type WaveState = 'waiting' | 'under-way' | 'at-gates' | 'held' | 'passed' | 'taken-back';

export interface WaveRow {
  wave: number;
  nodes: number;
  state: WaveState;
}

/** What a fact makes of a rollout's waves; `members` are the nodes that it names, as they stood before. */
export function wavesAfter(row: RolloutRow, event: DomainEvent, members: readonly MemberRow[]): WaveRow[] {
  const put = (wave: number, state: WaveState) => row.waves.map((one) => (one.wave === wave ? { ...one, state } : one));
  switch (event.type) {
    case 'rollout.targets-listed':
      return listed(row.waves, event.data.targets);
    case 'rollout.amended':
      return kept(row.waves, event.data.kept);
    case 'rollout.nodes-admitted':
      return members.reduce((waves, { wave }) => waves.map((one) => (one.wave === wave && one.state === 'waiting' ? { ...one, state: 'under-way' as const } : one)), row.waves);
    case 'rollout.gates-opened':
      return put(event.data.wave, 'at-gates');
    case 'rollout.gate-judged':
      return event.data.holdBy === null ? row.waves : put(event.data.wave, 'held');
    case 'rollout.gate-decided':
      return put(event.data.wave, 'at-gates');
    case 'rollout.wave-passed':
      return put(event.data.wave, 'passed');
    case 'rollout.rollback-begun':
      return put(event.data.wave, 'taken-back');
    case 'rollout.completed':
      return event.data.state === 'succeeded' || event.data.state === 'partial' ? row.waves.map((one) => (one.state === 'under-way' ? { ...one, state: 'passed' } : one)) : row.waves;
    default:
      return row.waves;
  }
}

function listed(before: readonly WaveRow[], targets: readonly { wave: number }[]): WaveRow[] {
  const waves = new Map(before.map((one) => [one.wave, one]));
  for (const { wave } of targets) {
    const known = waves.get(wave) ?? { wave, nodes: 0, state: 'waiting' as const };
    waves.set(wave, { ...known, nodes: known.nodes + 1 });
  }
  return [...waves.values()];
}

/** Of an amended plan only the nodes that have begun stay; those that wait are listed anew. */
function kept(before: readonly WaveRow[], nodes: number): WaveRow[] {
  let left = nodes;
  return before.flatMap((one) => {
    const stays = Math.min(left, one.nodes);
    left -= stays;
    return stays === 0 ? [] : [{ ...one, nodes: stays }];
  });
}
