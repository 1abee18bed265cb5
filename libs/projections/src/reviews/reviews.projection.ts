import type { DomainEvent, Evidence } from '#domain';
import type { Fact, Projection } from '../engine/projection.js';

export const reviewTable = { name: 'review', key: ['node'] } as const;

export type ReviewRow = {
  node: string;
  product: string;
  /** The rollout or the procedure that it belongs to. */
  rollout: string;
  order_id: string;
  phase: string;
  runbook: string;
  step: string;
  title: string;
  evidence: Evidence;
  state: 'pending' | 'accepted' | 'rejected' | 'expired' | 'withdrawn';
  asked_at: string;
  decide_by: string;
  decided_at: string | null;
  decided_by: string | null;
  reason: string | null;
  position: number;
};

const about: readonly string[] = [
  'review.requested', 'review.accepted', 'review.rejected', 'review.expired', 'upgrade.failed', 'rollback.failed', 'procedure.failed',
] satisfies DomainEvent['type'][];

/** What waits for a person at which node, and how the latest review of each node ended. */
export const reviews: Projection = {
  name: 'reviews',
  tables: [reviewTable],
  keyOf: ({ event, stream }) => (about.includes(event.type) ? stream : undefined),
  reads: ({ stream }) => [{ table: reviewTable, key: [stream.slice('node/'.length)] }],
  apply(fact, rows) {
    const before = rows.get<ReviewRow>(reviewTable, fact.stream.slice('node/'.length));
    const after = next(before, fact);
    if (after) rows.put(reviewTable, { ...after, position: fact.position });
  },
};

function next(before: ReviewRow | undefined, { event, envelope: { occurredAt, actor } }: Fact): ReviewRow | undefined {
  if (event.type === 'review.requested') {
    const { order, decideBy, ...data } = event.data;
    return { ...data, order_id: order, state: 'pending', asked_at: occurredAt, decide_by: decideBy, decided_at: null, decided_by: null, reason: null, position: 0 };
  }
  if (before?.state !== 'pending') return undefined;
  const decided = { ...before, decided_at: occurredAt, decided_by: `${actor.kind}:${actor.ref}` };
  switch (event.type) {
    case 'review.accepted':
      return { ...decided, state: 'accepted', reason: event.data.reason };
    case 'review.rejected':
      return { ...decided, state: 'rejected', reason: event.data.reason };
    case 'review.expired':
      return { ...decided, state: 'expired' };
    case 'upgrade.failed':
    case 'rollback.failed':
    case 'procedure.failed':
      // The passage ended while a person was asked.
      return { ...decided, state: 'withdrawn', reason: event.data.reason };
    default:
      return undefined;
  }
}
