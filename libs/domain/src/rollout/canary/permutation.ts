/** Splits that are counted one by one; beyond it they are drawn. */
const exactMax = 20_000;
export const drawnSplits = 9_999;
/** Sums that differ only by how they were rounded are the same. */
const tie = 1e-9;

/** In how many ways a group of `k` can be chosen from `n`; no more than 1e15, which is enough to say many. */
export function splits(n: number, k: number): number {
  let count = 1;
  for (let i = 1; i <= Math.min(k, n - k); i++) {
    count = (count * (n - i + 1)) / i;
    if (count > 1e15) return 1e15;
  }
  return Math.round(count);
}

/**
 * How likely the canaries' values would lie as high as they do, if it had been chance alone that made them canaries:
 * the share of all ways to choose as many nodes whose sum is no smaller. Beyond some thousand ways, so many are drawn.
 */
export function permutationP(canaries: readonly number[], control: readonly number[], draw: () => number, draws = drawnSplits): number {
  const all = [...canaries, ...control];
  const k = canaries.length;
  const least = canaries.reduce((sum, value) => sum + value, 0) - tie;
  if (splits(all.length, k) <= Math.min(exactMax, draws * 2)) return exact(all, k, least);
  let hits = 0;
  const pool = [...all];
  for (let i = 0; i < draws; i++) if (drawnSum(pool, k, draw) >= least) hits++;
  return (hits + 1) / (draws + 1);
}

function exact(all: readonly number[], k: number, least: number): number {
  let [hits, ways] = [0, 0];
  const choose = (from: number, left: number, sum: number): void => {
    if (left === 0) {
      ways++;
      if (sum >= least) hits++;
      return;
    }
    for (let i = from; i <= all.length - left; i++) choose(i + 1, left - 1, sum + all[i]!);
  };
  choose(0, k, 0);
  return hits / ways;
}

function drawnSum(pool: number[], k: number, draw: () => number): number {
  let sum = 0;
  for (let i = 0; i < k; i++) {
    const j = i + Math.floor(draw() * (pool.length - i));
    [pool[i], pool[j]] = [pool[j]!, pool[i]!];
    sum += pool[i]!;
  }
  return sum;
}
