import { accept, nothing, refuse } from '../kernel/decision.js';
import type { Decision } from '../kernel/decision.js';
import { isDue, later } from '../kernel/time.js';
import type { Instant } from '../kernel/time.js';
import type { KnownNode, NodeEvent } from './node.js';
import { stepsOf } from './passage.js';
import type { Passage, StepState } from './passage.js';

/** Shows a person what a step said, and waits for their decision; without one it counts as rejected. */
export function requestReview(state: KnownNode, passage: Passage, step: Extract<StepState, { at: 'to-review' }>, at: Instant): NodeEvent {
  const decideBy = later(at, stepsOf(passage)[step.index]!.decideSeconds ?? 0);
  return { type: 'review.requested', data: { ...reviewData(state, passage, step), evidence: step.evidence, decideBy } };
}

export interface DecideReview {
  type: 'decide-review';
  node: string;
  order: string;
  accept: boolean;
  reason: string | null;
  at: Instant;
}

export function decideReview({ node, order, accept: accepts, reason, at }: DecideReview, state: KnownNode): Decision<NodeEvent> {
  const found = pending(state, order);
  if (!found) return refuse('review-unknown', { node, order });
  const { data, decideBy } = found;
  if (isDue(decideBy, at)) return refuse('review-expired', { node, decideBy });
  if (accepts) return accept({ type: 'review.accepted', data: { ...data, reason } });
  return reason === null ? refuse('reason-missing', {}) : accept({ type: 'review.rejected', data: { ...data, reason } });
}

export function expireReview({ order, at }: { order: string; at: Instant }, state: KnownNode): Decision<NodeEvent> {
  const found = pending(state, order);
  if (!found || !isDue(found.decideBy, at)) return nothing;
  return accept({ type: 'review.expired', data: { ...found.data, deadline: found.decideBy } });
}

function pending(state: KnownNode, order: string) {
  if (state.activity.kind !== 'passage') return undefined;
  const { passage } = state.activity;
  const { step } = passage;
  if (step.at !== 'in-review' || step.order !== order) return undefined;
  return { data: reviewData(state, passage, step), decideBy: step.decideBy };
}

function reviewData({ node, product }: KnownNode, passage: Passage, { index, order }: { index: number; order: string }) {
  const { runbook, step, title } = stepsOf(passage)[index]!;
  return { node, product, rollout: passage.rollout, order, phase: passage.kind, runbook, step, title };
}
