/** How long this API waits, in milliseconds. */
export interface ApiLimits {
  /** For a position that a read names to be projected. */
  readWaitMs: number;
  /** Between two signs of life on a stream of events: proxies and browsers give up on silent connections. */
  heartbeatMs: number;
}

export const defaultLimits: ApiLimits = { readWaitMs: 5_000, heartbeatMs: 15_000 };
