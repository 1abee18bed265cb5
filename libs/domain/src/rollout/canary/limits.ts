/** How a canary is judged. Starting values, to be mended from recorded rollouts. */
export interface CanaryLimits {
  /** What is known before: this share of nodes fails, as if seen on so many nodes. */
  priorRate: number;
  priorNodes: number;
  /** The share of failing nodes that is too many. */
  rateLimit: number;
  /** From this probability of too many failing nodes on, it holds or goes back. */
  holdAt: number;
  rollbackAt: number;
  /** Failures that take a group of at most ten back. */
  failures: number;
  /** False alarms allowed for all metrics and looks together. */
  alpha: number;
  /** How much worse, and by how many counts, a metric must be to take the canaries back. */
  ratio: number;
  counts: number;
  /** Minutes, or things done, that each side needs before it is compared. */
  exposure: number;
}

export const defaultCanaryLimits: CanaryLimits = {
  priorRate: 0.02, priorNodes: 25, rateLimit: 0.05, holdAt: 0.25, rollbackAt: 0.6, failures: 2, alpha: 0.05, ratio: 1.5, counts: 5, exposure: 0,
};
