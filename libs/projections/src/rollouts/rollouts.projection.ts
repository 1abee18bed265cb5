import { isProcedure } from '#domain';
import type { DomainEvent, RolloutStrategy } from '#domain';
import type { Fact, Projection, RowRef, Rows } from '../engine/projection.js';
import { memberAfter } from './member.js';
import type { MemberState } from './member.js';

export const rolloutTable = { name: 'rollout', key: ['rollout'] } as const;
export const memberTable = { name: 'rollout_node', key: ['rollout', 'node'] } as const;

export type RolloutRow = {
  rollout: string;
  product: string;
  target: string;
  state: string;
  reason: string | null;
  digest: string;
  selector: string;
  strategy: RolloutStrategy;
  nodes: number;
  /** How many nodes are in which state. */
  tally: { [state in MemberState]?: number };
  planned_at: string;
  planned_by: string;
  start_by: string;
  started_at: string | null;
  ended_at: string | null;
  resume_by: string | null;
  stream_version: number;
  position: number;
};

export type MemberRow = {
  rollout: string;
  node: string;
  ordinal: number;
  from_version: string;
  state: MemberState;
  result: string | null;
  /** The step under way, or the last one. */
  step: string | null;
  step_title: string | null;
  steps_done: number;
  steps: number;
  reason: string | null;
  started_at: string | null;
  ended_at: string | null;
  position: number;
};

/** How far each rollout is, and each node in it. */
export const rollouts: Projection = {
  name: 'rollouts',
  tables: [rolloutTable, memberTable],
  keyOf: ({ event }) => rolloutOf(event),
  reads({ event }) {
    const rollout = rolloutOf(event)!;
    const refs: RowRef[] = [{ table: rolloutTable, key: [rollout] }];
    for (const node of nodesOf(event)) refs.push({ table: memberTable, key: [rollout, node] });
    return refs;
  },
  apply(fact, rows) {
    const { event } = fact;
    if (event.type === 'rollout.planned') return rows.put(rolloutTable, planned(fact, event.data));
    const rollout = rows.get<RolloutRow>(rolloutTable, rolloutOf(event)!);
    if (!rollout) throw new Error(`${event.type} of a rollout that was not planned`);
    const inStream = fact.stream.startsWith('rollout/');
    const after = { ...rolloutAfter(rollout, fact), position: fact.position, stream_version: inStream ? fact.version : rollout.stream_version };
    rows.put(rolloutTable, event.type === 'rollout.targets-listed' ? { ...after, tally: list(fact, event.data, rollout, rows) } : { ...after, tally: moveMembers(fact, rollout, rows) });
  },
};

function rolloutOf(event: DomainEvent): string | undefined {
  const { rollout } = event.data as { rollout?: unknown };
  // What is done to a node outside a rollout is nothing of this.
  return typeof rollout === 'string' && !isProcedure(rollout) ? rollout : undefined;
}

function nodesOf(event: DomainEvent): string[] {
  const { node, nodes } = event.data as { node?: unknown; nodes?: unknown };
  if (Array.isArray(nodes)) return nodes as string[];
  return typeof node === 'string' ? [node] : [];
}

function planned(fact: Fact, data: Extract<DomainEvent, { type: 'rollout.planned' }>['data']): RolloutRow {
  const { rollout, product, to, digest, selector, strategy, nodes, startBy } = data;
  const { actor, occurredAt } = fact.envelope;
  return {
    rollout, product, target: to, state: 'planned', reason: null, digest, selector, strategy, nodes, tally: {}, planned_at: occurredAt,
    planned_by: `${actor.kind}:${actor.ref}`, start_by: startBy, started_at: null, ended_at: null, resume_by: null,
    stream_version: fact.version, position: fact.position,
  };
}

function rolloutAfter(row: RolloutRow, { event, envelope: { occurredAt } }: Fact): RolloutRow {
  switch (event.type) {
    case 'rollout.started':
      return { ...row, state: 'running', started_at: occurredAt };
    case 'rollout.resumed':
      return { ...row, state: 'running', reason: null, resume_by: null };
    case 'rollout.paused':
      return { ...row, state: 'paused', reason: event.data.reason, resume_by: event.data.resumeBy };
    case 'rollout.aborted':
    case 'rollout.stopped':
      return { ...row, state: 'stopping', reason: event.data.reason, resume_by: null };
    case 'rollout.expired':
      return event.data.wait === 'start'
        ? { ...row, state: 'expired', reason: 'not started in time', ended_at: occurredAt }
        : { ...row, state: 'stopping', reason: 'not resumed in time', resume_by: null };
    case 'rollout.rollback-asked':
      return { ...row, state: 'rolling-back', reason: event.data.reason, ended_at: null };
    case 'rollout.completed':
      return { ...row, state: event.data.state, ended_at: occurredAt };
    default:
      return row;
  }
}

function list(fact: Fact, { rollout, targets }: Extract<DomainEvent, { type: 'rollout.targets-listed' }>['data'], row: RolloutRow, rows: Rows): RolloutRow['tally'] {
  const before = row.tally.waiting ?? 0;
  for (const [i, { node, from }] of targets.entries()) {
    const member: MemberRow = {
      rollout, node, ordinal: before + i + 1, from_version: from, state: 'waiting', result: null, step: null, step_title: null,
      steps_done: 0, steps: 0, reason: null, started_at: null, ended_at: null, position: fact.position,
    };
    rows.put(memberTable, member);
  }
  return { ...row.tally, waiting: before + targets.length };
}

function moveMembers(fact: Fact, row: RolloutRow, rows: Rows): RolloutRow['tally'] {
  const tally = { ...row.tally };
  for (const node of nodesOf(fact.event)) {
    const before = rows.get<MemberRow>(memberTable, row.rollout, node);
    if (!before) throw new Error(`${fact.event.type} of node ${node}, which is not in rollout ${row.rollout}`);
    const after = { ...memberAfter(before, fact), position: fact.position };
    if (after.state !== before.state) {
      tally[before.state] = (tally[before.state] ?? 0) - 1;
      tally[after.state] = (tally[after.state] ?? 0) + 1;
    }
    rows.put(memberTable, after);
  }
  return tally;
}
