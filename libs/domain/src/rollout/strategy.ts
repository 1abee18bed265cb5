import { refuse } from '../kernel/decision.js';
import type { Refusal } from '../kernel/refusals.js';

/** How a rollout goes over its nodes. Every wait is in seconds and has an end. */
export interface RolloutStrategy {
  kind: 'rolling';
  /** Nodes that may be away at the same time: under way, or left unfit. */
  maxUnavailable: number;
  /** Nodes that may fail before the rollout stops. */
  failureLimit: number;
  /** For an agent to take an order. */
  acceptSeconds: number;
  /** For a report, beyond the step's own time-out. */
  graceSeconds: number;
  /** For a paused rollout to be resumed; then it is aborted. */
  pauseSeconds: number;
}

export const defaultStrategy: RolloutStrategy = {
  kind: 'rolling',
  maxUnavailable: 1,
  failureLimit: 0,
  acceptSeconds: 120,
  graceSeconds: 30,
  pauseSeconds: 24 * 3600,
};

const ranges: Record<Exclude<keyof RolloutStrategy, 'kind'>, [number, number]> = {
  maxUnavailable: [1, 100_000],
  failureLimit: [0, 100_000],
  acceptSeconds: [1, 7 * 24 * 3600],
  graceSeconds: [1, 24 * 3600],
  pauseSeconds: [60, 30 * 24 * 3600],
};

export function checkStrategy(strategy: RolloutStrategy): { refusal: Refusal } | undefined {
  for (const [field, [min, max]] of Object.entries(ranges)) {
    const value = strategy[field as keyof typeof ranges];
    if (!Number.isInteger(value) || value < min || value > max) {
      return refuse('strategy-invalid', { field, allowed: `a whole number from ${min} to ${max}` });
    }
  }
  return undefined;
}
