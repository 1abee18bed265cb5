import type { CanaryLimits } from './limits.js';
import type { Comparison } from './metrics.js';
import type { Outcomes } from './outcomes.js';

const percent = (share: number) => `${share >= 0.1 || share === 0 ? Math.round(share * 100) : Number((share * 100).toPrecision(2))} %`;

/** What people read of the nodes' ends, and what so many nodes can exclude at all. */
export function sayOutcomes({ nodes, ok, failed, unknown, tooManyLikely, excludesAbove }: Outcomes, limits: CanaryLimits): string {
  const counts = [`${ok} of ${nodes} canaries ${ok === 1 ? 'is' : 'are'} well`, ...(failed > 0 ? [`${failed} failed`] : []), ...(unknown > 0 ? [`of ${unknown} nobody knows`] : [])].join(', ');
  const excludes = excludesAbove >= 1 ? 'This excludes no share of failing nodes.' : `With 95 % certainty this excludes only that more than ${percent(excludesAbove)} of nodes fail.`;
  return `${counts}. ${excludes} That more than ${percent(limits.rateLimit)} fail is ${percent(tooManyLikely)} likely.`;
}

export function sayMetrics(comparisons: readonly Comparison[]): string[] {
  return comparisons.map((one) => `${one.metric}${one.shadow ? ' (not counted)' : ''}: ${sayComparison(one)}`);
}

function sayComparison({ state, ratio, p, floor, decides, excludesAbove }: Comparison): string {
  switch (state) {
    case 'missing':
      return 'not measured on every canary.';
    case 'no-control':
      return 'no node was left alone to compare with.';
    case 'no-exposure':
      return 'too little was done to compare.';
    case 'compared': {
      const weak = decides ? '' : `; groups of this size cannot come below p = ${floor}, so this alone decides nothing`;
      const bound = excludesAbove === null ? 'excludes no worsening' : `excludes more than ${excludesAbove.toPrecision(3)} times as many`;
      return `${ratio!.toPrecision(3)} times as many as where nothing was changed (p = ${p}${weak}); this ${bound}.`;
    }
  }
}
