import { later } from '../../kernel/time.js';
import type { Instant } from '../../kernel/time.js';
import type { RolloutState } from '../rollout.js';
import type { Gate } from './gate.js';

/** A sample that is due, of a gate as its plan says. */
export interface Due {
  of: { rollout: string; wave: number; round: number; gate: number; sample: number };
  asked: Gate;
}

/** Samples that are due at an instant. Each is the next one of its gate, so that nobody takes one twice. */
export function dueSamples(state: RolloutState, now: Instant): Due[] {
  if (state.status === 'none' || !state.gates) return [];
  const { gates, header } = state;
  return gates.stands.flatMap((stand): Due[] => {
    const asked = header.strategy.gates[stand.gate]!;
    if (stand.verdict !== null) return [];
    // A person is not asked again and again; canaries are to have lived for a while before they are looked at.
    const every = asked.gate === 'manual' ? asked.withinSeconds : asked.everySeconds;
    const waits = stand.askedAt !== null || asked.gate === 'manual' || asked.gate === 'canary';
    const next = later(stand.askedAt ?? gates.openedAt, waits ? every : 0);
    const at = next < stand.dueBy ? next : stand.dueBy;
    return at <= now ? [{ of: { rollout: header.rollout, wave: gates.wave, round: gates.round, gate: stand.gate, sample: stand.samples + 1 }, asked }] : [];
  });
}
