import type { CanaryMetric, Counted, WatchedNode } from '../gates/gate.js';
import type { CanaryLimits } from './limits.js';
import { rounded } from './outcomes.js';
import { permutationP, splits } from './permutation.js';
import { drawFrom } from './random.js';

/** What a comparison of one metric came to. `missing`, `no-exposure` and `no-control` say that there was none. */
export interface Comparison {
  metric: string;
  state: 'compared' | 'missing' | 'no-exposure' | 'no-control';
  shadow: boolean;
  method: 'before-and-since' | 'since' | null;
  /** How much worse the canaries got than the control group did; 1 is no difference. */
  ratio: number | null;
  /** With 95 % certainty the canaries are no worse than this many times; null where the sample excludes nothing. */
  excludesAbove: number | null;
  /** Counts of the canaries since their upgrade, and how many of them are more than were to be expected. */
  counts: number | null;
  excess: number | null;
  p: number | null;
  /** The smallest p that groups of these sizes can come to. */
  floor: number | null;
  /** Whether the groups are large enough for p to decide anything. */
  decides: boolean;
}

const canariesLeast = 3;
/** A bound is looked for in many steps; each need not be as fine as the test itself. */
const boundDraws = 1_999;
const none = { method: null, ratio: null, excludesAbove: null, counts: null, excess: null, p: null, floor: null, decides: false };

/** Compares how a count went on the canaries with how it went on nodes that were left alone, node by node. */
export function compare(metric: CanaryMetric, nodes: readonly WatchedNode[], options: { limits: CanaryLimits; alpha: number; seed: string; purpose: number }): Comparison {
  const { limits, alpha, seed, purpose } = options;
  const base = { metric: metric.metric, shadow: metric.shadow };
  // A canary that failed has said what it has to say.
  const counted = nodes.filter((node) => node.group === 'control' || node.outcome === 'ok');
  const canaries = counted.filter((node) => node.group === 'canary');
  const control = counted.filter((node) => node.group === 'control');
  const sinceOf = (node: WatchedNode) => node.counts[metric.metric]?.since ?? null;
  if (canaries.length === 0 || canaries.some((node) => sinceOf(node) === null)) return { ...base, ...none, state: 'missing' };
  const others = control.filter((node) => sinceOf(node) !== null);
  if (others.length === 0) return { ...base, ...none, state: 'no-control' };
  const exposure = (group: readonly WatchedNode[]) => group.reduce((sum, node) => sum + sinceOf(node)!.over, 0);
  const least = Math.max(limits.exposure, Number.MIN_VALUE);
  if (exposure(canaries) < least || exposure(others) < least) return { ...base, ...none, state: 'no-exposure' };
  const before = [...canaries, ...others].every((node) => (node.counts[metric.metric]?.before?.over ?? 0) > 0);
  const sign = metric.worse === 'higher' ? 1 : -1;
  const valueOf = (node: WatchedNode) => sign * logChange(sinceOf(node)!, before ? node.counts[metric.metric]!.before! : undefined);
  const [a, b] = [canaries.map(valueOf), others.map(valueOf)];
  const draw = (step: number) => drawFrom(seed, purpose * 1_000 + step);
  const ratio = Math.exp(mean(a) - mean(b));
  const counts = canaries.reduce((sum, node) => sum + sinceOf(node)!.count, 0);
  const ways = splits(a.length + b.length, a.length);
  return {
    ...base, state: 'compared', method: before ? 'before-and-since' : 'since', ratio: rounded(ratio), counts, excess: rounded(Math.abs(counts - counts / ratio)),
    p: rounded(permutationP(a, b, draw(0))), floor: rounded(1 / ways), decides: a.length >= canariesLeast && ways >= 1 / alpha,
    excludesAbove: excluded(a, b, draw, 1 / ways),
  };
}

/** How a node changed: the ratio of its rates since and before, in logarithms; half a count more keeps zero apart from nothing. */
function logChange(since: Counted, before: Counted | undefined): number {
  const rate = ({ count, over }: Counted) => Math.log((count + 0.5) / over);
  return since.over <= 0 ? 0 : rate(since) - (before ? rate(before) : 0);
}

/** The smallest worsening that the same test would find not to be there, with 95 % certainty. */
function excluded(a: readonly number[], b: readonly number[], draw: (step: number) => () => number, floor: number): number | null {
  if (floor > 0.05) return null;
  const refuted = (shift: number, step: number) => permutationP(b.map((value) => value + shift), a, draw(step), boundDraws) <= 0.05;
  // Turned round: the control group, made worse by the shift, against the canaries.
  let [low, high] = [mean(a) - mean(b), mean(a) - mean(b) + 8];
  if (!refuted(high, 1)) return null;
  for (let i = 0; i < 12; i++) {
    const middle = (low + high) / 2;
    if (refuted(middle, 2 + i)) high = middle;
    else low = middle;
  }
  return rounded(Math.exp(high));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The metrics whose p is small enough when there are several of them and several looks (Holm). */
export function worse(comparisons: readonly Comparison[], alpha: number): Set<string> {
  const tested = comparisons.filter((one) => one.p !== null && !one.shadow).sort((x, y) => x.p! - y.p!);
  const found = new Set<string>();
  for (const [i, one] of tested.entries()) {
    if (one.p! > alpha / (tested.length - i)) break;
    found.add(one.metric);
  }
  return found;
}
