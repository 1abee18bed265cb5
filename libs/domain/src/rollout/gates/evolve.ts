import { isDue } from '../../kernel/time.js';
import type { Instant } from '../../kernel/time.js';
import type { Rollout, RolloutEvent } from '../rollout.js';
import type { GateSample, Verdict } from './gate.js';

type DataOf<T extends RolloutEvent['type']> = Extract<RolloutEvent, { type: T }>['data'];

/** Where one gate stands. */
export interface GateStand {
  /** Its place in the strategy. */
  gate: number;
  dueBy: Instant;
  /** When it was last asked. */
  askedAt: Instant | null;
  /** Samples that were judged. */
  samples: number;
  good: number;
  bad: number;
  looks: number;
  /** Once nothing more is asked. */
  verdict: Verdict | null;
  /** Of the sample that is being recorded, the parts so far. */
  parts: GateSample[];
}

/** The gates behind a wave, from their opening until all of them let pass. */
export interface OpenGates {
  wave: number;
  round: number;
  openedAt: Instant;
  stands: GateStand[];
  /** Whether one of them holds and a person is asked. */
  held: boolean;
}

export function openedGates(state: Rollout, { wave, round, openedAt, gates }: DataOf<'rollout.gates-opened'>): Rollout {
  const stands = gates.map(({ gate, dueBy }): GateStand => ({ gate, dueBy, askedAt: null, samples: 0, good: 0, bad: 0, looks: 0, verdict: null, parts: [] }));
  return { ...state, rounds: round, gates: { wave, round, openedAt, stands, held: false } };
}

export function sampledGate(state: Rollout, { gate, round, found, takenAt }: DataOf<'rollout.gate-sampled'>): Rollout {
  return withStand(state, gate, round, (stand) => ({ ...stand, askedAt: takenAt, parts: [...stand.parts, found] }));
}

export function judgedGate(state: Rollout, data: DataOf<'rollout.gate-judged'>): Rollout {
  const { gate, round, sample, good, bad, looks, verdict, final, holdBy } = data;
  const judged = withStand(state, gate, round, (stand) => ({ ...stand, samples: sample, good, bad, looks, verdict: final ? verdict : null, parts: [] }));
  if (!judged.gates || holdBy === null) return judged;
  const later = judged.resumeBy !== null && isDue(holdBy, judged.resumeBy) ? judged.resumeBy : holdBy;
  return { ...judged, status: 'paused', resumeBy: later, gates: { ...judged.gates, held: true } };
}

/** A person's word is the last one on a gate. */
export function decidedGate(state: Rollout, { gate, round, accept, goesOn }: DataOf<'rollout.gate-decided'>): Rollout {
  const decided = withStand(state, gate, round, (stand) => ({ ...stand, verdict: accept ? 'promote' : 'rollback' }));
  if (!decided.gates || !goesOn) return decided;
  return { ...decided, status: 'running', resumeBy: null, gates: { ...decided.gates, held: false } };
}

function withStand(state: Rollout, gate: number, round: number, change: (stand: GateStand) => GateStand): Rollout {
  if (state.gates?.round !== round) return state;
  const stands = state.gates.stands.map((stand) => (stand.gate === gate ? change(stand) : stand));
  return { ...state, gates: { ...state.gates, stands } };
}
