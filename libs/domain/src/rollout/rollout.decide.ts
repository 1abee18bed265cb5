import { accept, never, nothing, refuse } from '../kernel/decision.js';
import type { Decider, Decision } from '../kernel/decision.js';
import { isDue, later } from '../kernel/time.js';
import type { Instant } from '../kernel/time.js';
import type { Refusal } from '../kernel/refusals.js';
import type { Result } from '../node/passage.js';
import { advanceRollout, hasReturnable, isReturnable } from './advance.js';
import { amend, targetEvents } from './amend.js';
import { decideGate, recordSample } from './gates/decide.js';
import type { RecordSample } from './gates/decide.js';
import type { Plan } from './plan.js';
import { evolveRollout, isAwaited, noRollout, rolloutWord } from './rollout.js';
import type { Outcome, Rollout, RolloutEvent, RolloutState, Scope } from './rollout.js';
import { checkStrategy } from './strategy.js';

export type RolloutCommand =
  | { type: 'plan-rollout'; plan: Plan; digest: string; alreadyThere: number }
  | { type: 'start-rollout'; rollout: string; digest: string | null; at: Instant }
  | { type: 'pause-rollout'; rollout: string; reason: string; at: Instant }
  | { type: 'resume-rollout'; rollout: string }
  | { type: 'abort-rollout'; rollout: string; reason: string }
  | { type: 'roll-back-rollout'; rollout: string; reason: string; scope: Scope }
  | { type: 'amend-rollout'; rollout: string; plan: Plan; digest: string; reason: string }
  | RecordSample
  | { type: 'decide-gate'; rollout: string; gate: number | null; accept: boolean; reason: string }
  | { type: 'settle-node'; rollout: string; node: string; outcome: Outcome; result: Result | null; reason: string | null }
  | { type: 'expire-wait'; rollout: string; wait: RolloutWait; at: Instant }
  | { type: 'advance-rollout'; rollout: string; at: Instant };

/** What a rollout may wait for until a deadline. */
export type RolloutWait = 'start' | 'resume' | 'baseline';

type Of<T extends RolloutCommand['type']> = Extract<RolloutCommand, { type: T }>;

function plan({ plan: made, digest, alreadyThere }: Of<'plan-rollout'>, state: RolloutState): Decision<RolloutEvent> {
  if (state.status !== 'none') return refuse('rollout-exists', { rollout: made.rollout });
  const wrong = checkStrategy(made.strategy);
  if (wrong) return wrong;
  const { targets, routes, ...header } = made;
  const events: RolloutEvent[] = [{ type: 'rollout.planned', data: { ...header, digest, nodes: targets.length, alreadyThere } }];
  for (const route of routes) events.push({ type: 'rollout.route-laid', data: { rollout: made.rollout, route } });
  return accept(...events, ...targetEvents(made.rollout, targets, routes, 0));
}

/** Starting is what fixes the digest as agreed to; whoever names one must name the plan's. */
function start({ rollout, digest, at }: Of<'start-rollout'>, state: Rollout): Decision<RolloutEvent> {
  if (state.status !== 'planned') return refuse('rollout-not-planned', { rollout, state: rolloutWord(state) });
  if (digest !== null && digest !== state.digest) return refuse('plan-changed', { rollout, digest: state.digest });
  if (isDue(state.header.startBy, at)) return refuse('plan-expired', { rollout, startBy: state.header.startBy });
  return accept({ type: 'rollout.started', data: { rollout, digest: state.digest } });
}

function pause({ rollout, reason, at }: Of<'pause-rollout'>, state: Rollout): Decision<RolloutEvent> {
  if (state.status !== 'running') return refuse('rollout-not-running', { rollout, state: rolloutWord(state) });
  const resumeBy = later(at, state.header.strategy.pauseSeconds);
  return accept({ type: 'rollout.paused', data: { rollout, reason, resumeBy, otherwise: 'abort' } });
}

function resume({ rollout }: Of<'resume-rollout'>, state: Rollout): Decision<RolloutEvent> {
  if (state.status !== 'paused') return refuse('rollout-not-paused', { rollout, state: rolloutWord(state) });
  return accept({ type: 'rollout.resumed', data: { rollout } });
}

function abort({ rollout, reason }: Of<'abort-rollout'>, state: Rollout): Decision<RolloutEvent> {
  if (state.status === 'ended') return refuse('rollout-ended', { rollout, state: rolloutWord(state) });
  // A rollback is the way out already; what it has begun it finishes.
  if (state.status === 'rolling-back') return refuse('rollout-not-running', { rollout, state: 'rolling-back' });
  if (state.status === 'stopping' && state.stop === 'aborted') return nothing;
  return accept({ type: 'rollout.aborted', data: { rollout, reason } });
}

function rollBack({ rollout, reason, scope }: Of<'roll-back-rollout'>, state: Rollout): Decision<RolloutEvent> {
  if (state.status !== 'ended') return refuse('rollout-not-ended', { rollout, state: rolloutWord(state) });
  const wrong = scope === null ? undefined : outOfScope(rollout, scope, state);
  if (wrong) return wrong;
  if (!hasReturnable(state)) return refuse('nothing-to-roll-back', { rollout });
  return accept({ type: 'rollout.rollback-asked', data: { rollout, reason, scope } });
}

/** Whoever names nodes, or a wave, means each of them. */
function outOfScope(rollout: string, scope: NonNullable<Scope>, state: Rollout): { refusal: Refusal } | undefined {
  if ('wave' in scope) {
    if (scope.wave < 1 || scope.wave > state.waves.length) return refuse('wave-unknown', { rollout, wave: scope.wave });
    return [...state.members].some((member) => member.wave === scope.wave && isReturnable(state, member.node)) ? undefined : refuse('nothing-to-roll-back', { rollout });
  }
  const wrong = scope.nodes.find((node) => !isReturnable(state, node));
  if (wrong !== undefined) return refuse('node-not-upgraded', { rollout, node: wrong });
  return scope.nodes.length === 0 ? refuse('nothing-to-roll-back', { rollout }) : undefined;
}

/** Records how a node's part ended. Only a node that is under way or being recalled can settle, and only once. */
function settle({ rollout, node, outcome, result, reason }: Of<'settle-node'>, state: Rollout): Decision<RolloutEvent> {
  if (!state.index.has(node)) return refuse('node-not-upgraded', { rollout, node });
  if (!isAwaited(state, node)) return nothing;
  return accept({ type: 'rollout.node-settled', data: { rollout, node, outcome, result, reason } });
}

function expire({ rollout, wait, at }: Of<'expire-wait'>, state: Rollout): Decision<RolloutEvent> {
  if (wait === 'baseline') {
    if (!state.baseline || state.baseline.ended || !isDue(state.baseline.until, at)) return nothing;
    return accept({ type: 'rollout.baseline-ended', data: { rollout, deadline: state.baseline.until } });
  }
  const deadline = wait === 'start' ? state.header.startBy : state.resumeBy;
  const waits = wait === 'start' ? state.status === 'planned' : state.status === 'paused';
  if (!waits || deadline === null || !isDue(deadline, at)) return nothing;
  return accept({ type: 'rollout.expired', data: { rollout, wait, deadline } });
}

export const rolloutDecider: Decider<RolloutCommand, RolloutState, RolloutEvent> = {
  initial: noRollout,
  evolve: evolveRollout,
  decide(command, state) {
    if (command.type === 'plan-rollout') return plan(command, state);
    if (state.status === 'none') return refuse('rollout-unknown', { rollout: command.rollout });
    switch (command.type) {
      case 'start-rollout':
        return start(command, state);
      case 'pause-rollout':
        return pause(command, state);
      case 'resume-rollout':
        return resume(command, state);
      case 'abort-rollout':
        return abort(command, state);
      case 'roll-back-rollout':
        return rollBack(command, state);
      case 'settle-node':
        return settle(command, state);
      case 'expire-wait':
        return expire(command, state);
      case 'amend-rollout':
        return amend(command, state);
      case 'record-gate-sample':
        return recordSample(command, state);
      case 'decide-gate':
        return decideGate(command, state);
      case 'advance-rollout':
        return advanceRollout(state, command.at);
      default:
        return never(command);
    }
  },
};
