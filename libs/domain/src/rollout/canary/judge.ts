import type { Judging } from '../gates/judge.js';
import { isDue, later } from '../../kernel/time.js';
import type { CanaryGate, Judgement, WatchedNode } from '../gates/gate.js';
import { compare, worse } from './metrics.js';
import type { Comparison } from './metrics.js';
import { judgeOutcomes } from './outcomes.js';
import type { Outcomes } from './outcomes.js';
import { sayMetrics, sayOutcomes } from './says.js';

type Asked = Judging & { gate: CanaryGate };
type Finding = Pick<Judgement, 'verdict' | 'reason'>;

/**
 * The verdict on a canary: first what happened to the nodes, then what that makes likely, then how their counts compare
 * with nodes that were left alone. Until the soak is over it can only go back, and only on what is plain by then.
 */
export function judgeCanary(asked: Asked, nodes: readonly WatchedNode[]): Judgement {
  const { gate, stand, openedAt, takenAt } = asked;
  const canaries = nodes.filter((node) => node.group === 'canary');
  const soaked = isDue(later(openedAt, gate.soakSeconds), takenAt);
  const over = isDue(stand.dueBy, takenAt);
  const base = { good: 0, bad: 0, looks: stand.looks };
  if (canaries.length === 0) {
    return { ...base, verdict: 'insufficient', final: soaked, reason: 'group-empty', says: 'There is no canary to look at.', method: {} };
  }
  const outcomes = judgeOutcomes(canaries, gate.limits);
  const looks = Math.min(gate.looks, Math.floor((secondsBetween(openedAt, takenAt) * gate.looks) / gate.soakSeconds));
  // The last look is repeated as long as it is not the last word.
  const looking = (looks > stand.looks || soaked) && gate.metrics.length > 0;
  const comparisons = looking ? compareAll(asked, nodes) : [];
  const says = [sayOutcomes(outcomes, gate.limits), ...sayMetrics(comparisons)].join(' ');
  const method = { outcomes: { ...outcomes }, ...Object.fromEntries(comparisons.map((one) => [`metric:${one.metric}`, { ...one }])), look: looking ? looks : null };
  const judged = { ...base, looks: looking ? looks : stand.looks, says, method };
  const found = findingOf(gate, outcomes, comparisons);
  if (found.verdict === 'rollback') return { ...judged, ...found, final: true };
  if (!soaked) return { ...judged, verdict: found.verdict === 'promote' ? 'insufficient' : found.verdict, reason: found.verdict === 'promote' ? 'soak-not-over' : found.reason, final: false };
  // A node that could not be told may be found again while there is time.
  const mayYetBeKnown = found.reason === 'canary-unknown' && !over;
  return { ...judged, ...found, final: !mayYetBeKnown };
}

function compareAll({ gate, stand, seed }: Asked, nodes: readonly WatchedNode[]): Comparison[] {
  const alpha = gate.limits.alpha / gate.looks;
  return gate.metrics.map((metric, i) => compare(metric, nodes, { limits: gate.limits, alpha, seed, purpose: stand.samples * 100 + i }));
}

function findingOf(gate: CanaryGate, outcomes: Outcomes, comparisons: readonly Comparison[]): Finding {
  if (outcomes.asks === 'rollback') return { verdict: 'rollback', reason: outcomes.reason };
  const { alpha, ratio, counts } = gate.limits;
  const significant = worse(comparisons, alpha / gate.looks);
  const bad = comparisons.filter((one) => significant.has(one.metric));
  // Worse for certain, and by so much that it matters; and the groups large enough for the test to decide.
  const back = bad.find((one) => one.decides && one.ratio! >= ratio && (one.excess ?? 0) >= counts);
  if (back) return { verdict: 'rollback', reason: `metric-worse:${back.metric}` };
  if (outcomes.asks === 'hold') return { verdict: 'hold', reason: outcomes.reason };
  if (bad[0]) return { verdict: 'hold', reason: `metric-worse:${bad[0].metric}` };
  // Groups too small for the test to decide can still look bad enough for a person to be asked.
  const strange = comparisons.find((one) => !one.shadow && one.state === 'compared' && !one.decides && one.p === one.floor && one.ratio! >= ratio && (one.excess ?? 0) >= counts);
  if (strange) return { verdict: 'hold', reason: `metric-looks-worse:${strange.metric}` };
  const unmeasured = comparisons.find((one) => !one.shadow && one.state !== 'compared');
  if (unmeasured) return { verdict: 'insufficient', reason: `metric-${unmeasured.state}:${unmeasured.metric}` };
  return { verdict: 'promote', reason: 'canaries-well' };
}

function secondsBetween(from: string, to: string): number {
  return Math.max(0, Math.floor((Date.parse(to) - Date.parse(from)) / 1000));
}
