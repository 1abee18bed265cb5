import type { DomainEvent } from '#domain';
import type { Timer } from '#projections';

/** What a fact asks of the conductor. Each names the command to send; the rules decide whether anything follows. */
export type Reaction =
  | { do: 'advance-rollout'; rollout: string }
  | { do: 'start-upgrade'; rollout: string; node: string }
  | { do: 'start-rollback'; rollout: string; node: string; reason: string }
  | { do: 'stop-upgrades'; rollout: string; reason: string }
  | { do: 'advance-passage'; node: string }
  | { do: 'settle'; rollout: string; node: string; outcome: 'verified' | 'failed' | 'rolled-back' | 'astray'; result: 'verified' | 'inconsistent' | 'claimed' | 'commanded' | null; reason: string | null };

/** Pure: the same fact always asks for the same. */
export function reactionsTo(event: DomainEvent): Reaction[] {
  switch (event.type) {
    case 'rollout.nodes-admitted':
      return event.data.nodes.map((node) => ({ do: 'start-upgrade', rollout: event.data.rollout, node }));
    case 'rollout.nodes-recalled':
      return event.data.nodes.map((node) => ({ do: 'start-rollback', rollout: event.data.rollout, node, reason: 'rollout-taken-back' }));
    case 'rollout.aborted':
      return [{ do: 'stop-upgrades', rollout: event.data.rollout, reason: 'rollout-aborted' }, advance(event.data.rollout)];
    case 'rollout.expired':
      if (event.data.wait === 'start') return [];
      return [{ do: 'stop-upgrades', rollout: event.data.rollout, reason: 'rollout-aborted' }, advance(event.data.rollout)];
    case 'rollout.started':
    case 'rollout.resumed':
    case 'rollout.rollback-asked':
    case 'rollout.node-settled':
    case 'rollout.stopped':
      return [advance(event.data.rollout)];
    case 'step.reported':
    case 'step.expired':
    case 'review.accepted':
    case 'review.rejected':
    case 'review.expired':
      return [{ do: 'advance-passage', node: event.data.node }];
    default:
      return endOfPassage(event);
  }
}

function advance(rollout: string): Reaction {
  return { do: 'advance-rollout', rollout };
}

function endOfPassage(event: DomainEvent): Reaction[] {
  switch (event.type) {
    case 'upgrade.verified': {
      const { rollout, node } = event.data;
      return [{ do: 'settle', rollout, node, outcome: 'verified', result: 'verified', reason: null }];
    }
    case 'upgrade.failed': {
      const { rollout, node, reason, result, changed } = event.data;
      // A node that was changed goes back first; how that ends is how its part ends.
      return changed ? [] : [{ do: 'settle', rollout, node, outcome: 'failed', result, reason }];
    }
    case 'rollback.verified': {
      const { rollout, node } = event.data;
      return [{ do: 'settle', rollout, node, outcome: 'rolled-back', result: null, reason: null }];
    }
    case 'rollback.failed': {
      const { rollout, node, reason } = event.data;
      return [{ do: 'settle', rollout, node, outcome: 'astray', result: null, reason }];
    }
    default:
      return [];
  }
}

/** Deadlines that a fact sets or makes void. `cause` and `correlation` come from the fact's envelope. */
export function timersOf(event: DomainEvent, from: { cause: string; correlation: string }): { set: Timer[]; removed: string[] } {
  switch (event.type) {
    case 'step.ordered': {
      const { node, order, acceptBy } = event.data;
      return { set: [{ name: `step/${node}`, dueAt: acceptBy, subject: { kind: 'step', node, order, wait: 'acceptance', ...from } }], removed: [] };
    }
    case 'step.accepted': {
      const { node, order, finishBy } = event.data;
      return { set: [{ name: `step/${node}`, dueAt: finishBy, subject: { kind: 'step', node, order, wait: 'report', ...from } }], removed: [] };
    }
    case 'step.reported':
    case 'step.expired':
      return { set: [], removed: [`step/${event.data.node}`] };
    case 'review.requested': {
      const { node, order, decideBy } = event.data;
      return { set: [{ name: `review/${node}`, dueAt: decideBy, subject: { kind: 'review', node, order, ...from } }], removed: [] };
    }
    case 'review.accepted':
    case 'review.rejected':
    case 'review.expired':
    case 'upgrade.failed':
      // A passage that ends while a person is asked asks no more.
      return { set: [], removed: [`review/${event.data.node}`] };
    case 'rollout.planned': {
      const { rollout, startBy } = event.data;
      return { set: [{ name: `rollout/${rollout}`, dueAt: startBy, subject: { kind: 'rollout', rollout, wait: 'start', ...from } }], removed: [] };
    }
    case 'rollout.paused': {
      const { rollout, resumeBy } = event.data;
      return { set: [{ name: `rollout/${rollout}`, dueAt: resumeBy, subject: { kind: 'rollout', rollout, wait: 'resume', ...from } }], removed: [] };
    }
    case 'rollout.started':
    case 'rollout.resumed':
    case 'rollout.aborted':
    case 'rollout.expired':
      return { set: [], removed: [`rollout/${event.data.rollout}`] };
    default:
      return { set: [], removed: [] };
  }
}
