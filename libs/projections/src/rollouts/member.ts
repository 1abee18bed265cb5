import type { Fact } from '../engine/projection.js';
import type { MemberRow } from './rollouts.projection.js';

export type MemberState = 'waiting' | 'upgrading' | 'in-review' | 'upgraded' | 'rolling-back' | 'rolled-back' | 'failed' | 'skipped' | 'astray';

/** What a fact makes of a node's part in a rollout. */
export function memberAfter(row: MemberRow, { event, envelope: { occurredAt } }: Fact): MemberRow {
  switch (event.type) {
    case 'upgrade.started':
      return { ...row, state: 'upgrading', result: 'commanded', steps: event.data.route.upgrade.length, steps_done: 0, started_at: occurredAt };
    case 'step.ordered':
      return { ...row, step: event.data.step, step_title: event.data.title, steps_done: event.data.index };
    case 'step.reported':
      return event.data.good ? { ...row, steps_done: event.data.index + 1 } : { ...row, reason: told(event.data.verdict, event.data.detail) };
    case 'release.installed':
      return row.state === 'upgrading' ? { ...row, result: 'claimed' } : row;
    case 'upgrade.verified':
      return { ...row, state: 'upgraded', result: 'verified', reason: null, ended_at: occurredAt };
    case 'upgrade.failed':
      return { ...row, state: 'failed', result: event.data.result, reason: told(event.data.reason, event.data.detail), ended_at: occurredAt };
    case 'rollback.started':
      return { ...row, state: 'rolling-back', reason: row.reason ?? event.data.reason, steps: event.data.route.rollback.length, steps_done: 0, ended_at: null };
    case 'review.requested':
      return { ...row, state: 'in-review' };
    case 'review.accepted':
    case 'review.rejected':
    case 'review.expired':
      return { ...row, state: event.data.phase === 'rollback' ? 'rolling-back' : 'upgrading' };
    case 'rollback.verified':
      return { ...row, state: 'rolled-back', ended_at: occurredAt };
    case 'rollback.failed':
      return { ...row, state: 'astray', reason: told(event.data.reason, event.data.detail), ended_at: occurredAt };
    case 'rollout.node-settled':
      return event.data.outcome === 'skipped' ? { ...row, state: 'skipped', reason: event.data.reason, ended_at: occurredAt } : row;
    default:
      return row;
  }
}

/** The reason's code, and what the product said of it. */
function told(reason: string | null, detail: string | null): string | null {
  return reason === null || detail === null ? reason : `${reason}: ${detail}`;
}
