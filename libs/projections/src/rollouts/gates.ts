import type { DomainEvent, GateSample, Judgement } from '#domain';
import type { Fact, RowRef, Rows } from '../engine/projection.js';
import type { RolloutRow } from './rollouts.projection.js';

export const gateTable = { name: 'rollout_gate', key: ['rollout', 'round', 'gate'] } as const;

/** `open`: asked again and again; `held`: a person is asked; `passed` and `rolled-back`: done with; `void`: no longer asked. */
export type GateState = 'open' | 'held' | 'passed' | 'rolled-back';

export type GateRow = {
  rollout: string;
  round: number;
  gate: number;
  wave: number;
  kind: string;
  state: GateState;
  verdict: string | null;
  reason: string | null;
  says: string | null;
  samples: number;
  opened_at: string;
  due_by: string;
  hold_by: string | null;
  judged_at: string | null;
  decided_by: string | null;
  method: Judgement['method'];
  found: GateSample[];
  position: number;
};

type GateEvent = Extract<DomainEvent, { type: 'rollout.gates-opened' | 'rollout.gate-sampled' | 'rollout.gate-judged' | 'rollout.gate-decided' }>;

/** Gate rows that a fact may read. */
export function gateRefs(event: DomainEvent): RowRef[] {
  if (event.type !== 'rollout.gate-sampled' && event.type !== 'rollout.gate-judged' && event.type !== 'rollout.gate-decided') return [];
  const { rollout, round, gate } = event.data;
  return [{ table: gateTable, key: [rollout, round, gate] }];
}

export function isGateEvent(event: DomainEvent): event is GateEvent {
  return event.type === 'rollout.gates-opened' || gateRefs(event).length > 0;
}

/** What a fact makes of the gates behind a wave. */
export function gatesAfter(fact: Fact, event: GateEvent, row: RolloutRow, rows: Rows): void {
  if (event.type === 'rollout.gates-opened') return opened(fact, event.data, row, rows);
  const { rollout, round, gate } = event.data;
  const before = rows.get<GateRow>(gateTable, rollout, round, gate);
  if (!before) throw new Error(`${event.type} of a gate that was not opened`);
  rows.put(gateTable, { ...after(before, event, fact), position: fact.position });
}

function opened(fact: Fact, { rollout, round, wave, gates, openedAt }: Extract<GateEvent, { type: 'rollout.gates-opened' }>['data'], row: RolloutRow, rows: Rows): void {
  for (const { gate, dueBy } of gates) {
    const made: GateRow = {
      rollout, round, gate, wave, kind: row.strategy.gates[gate]!.gate, state: 'open', verdict: null, reason: null, says: null, samples: 0, opened_at: openedAt,
      due_by: dueBy, hold_by: null, judged_at: null, decided_by: null, method: {}, found: [], position: fact.position,
    };
    rows.put(gateTable, made);
  }
}

function after(row: GateRow, event: Exclude<GateEvent, { type: 'rollout.gates-opened' }>, { envelope: { occurredAt, actor } }: Fact): GateRow {
  switch (event.type) {
    case 'rollout.gate-sampled':
      return { ...row, found: event.data.part === 1 ? [event.data.found] : [...row.found, event.data.found] };
    case 'rollout.gate-judged': {
      const { verdict, reason, says, sample, method, holdBy, final } = event.data;
      const state = !final ? 'open' : verdict === 'promote' ? 'passed' : verdict === 'rollback' ? 'rolled-back' : 'held';
      return { ...row, state, verdict, reason, says, samples: sample, method, hold_by: holdBy, judged_at: occurredAt };
    }
    case 'rollout.gate-decided': {
      const { accept, reason } = event.data;
      // What was measured stays beside what a person made of it.
      return { ...row, state: accept ? 'passed' : 'rolled-back', hold_by: null, reason: `decided: ${reason}`, decided_by: `${actor.kind}:${actor.ref}` };
    }
  }
}
