import type { WatchedNode } from '../gates/gate.js';
import { betaBelow, upperBound } from './beta.js';
import type { CanaryLimits } from './limits.js';

/** A batch up to so large goes back at a number of failures; a larger one by what they make likely. */
const smallBatch = 10;

export interface Outcomes {
  nodes: number;
  ok: number;
  failed: number;
  unknown: number;
  /** How likely more nodes than the limit would fail, after what was known before and what was seen. */
  tooManyLikely: number;
  /** With 95 % certainty no more than this share of nodes fails. */
  excludesAbove: number;
  asks: 'promote' | 'hold' | 'rollback';
  reason: string;
}

/** What the ends of the canaries say by themselves. Unknown is never good, and never bad enough to go back either. */
export function judgeOutcomes(canaries: readonly WatchedNode[], limits: CanaryLimits): Outcomes {
  const count = (outcome: WatchedNode['outcome']) => canaries.filter((one) => one.outcome === outcome).length;
  const [ok, failed, unknown] = [count('ok'), count('failed'), count('unknown')];
  const a = limits.priorRate * limits.priorNodes + failed;
  const b = (1 - limits.priorRate) * limits.priorNodes + ok;
  const tooManyLikely = 1 - betaBelow(limits.rateLimit, a, b);
  const base = { nodes: canaries.length, ok, failed, unknown, tooManyLikely: rounded(tooManyLikely), excludesAbove: rounded(upperBound(failed, ok + failed)) };
  const manyFailed = failed >= limits.failures && canaries.length <= smallBatch;
  if (failed > 0 && (manyFailed || tooManyLikely >= limits.rollbackAt)) return { ...base, asks: 'rollback', reason: 'canaries-failed' };
  if (failed > 0 || tooManyLikely >= limits.holdAt) return { ...base, asks: 'hold', reason: failed > 0 ? 'canary-failed' : 'failures-likely' };
  if (unknown > 0) return { ...base, asks: 'hold', reason: 'canary-unknown' };
  return { ...base, asks: 'promote', reason: 'canaries-well' };
}

/** As it is recorded: beyond that machines may calculate differently. */
export function rounded(value: number): number {
  return Number(value.toFixed(6));
}
