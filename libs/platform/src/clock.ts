/** An instant as RFC 3339 in UTC with milliseconds; two instants compare as strings. */
export type Instant = string;

export interface Clock {
  now(): Instant;
  /** Milliseconds since 1970, for measuring and for timers. */
  millis(): number;
}

export const systemClock: Clock = {
  now: () => new Date().toISOString(),
  millis: () => Date.now(),
};

/** A clock that tests move by hand. */
export class ManualClock implements Clock {
  constructor(private at: number = Date.parse('2026-01-16T09:00:00.000Z')) {}

  now(): Instant {
    return new Date(this.at).toISOString();
  }

  millis(): number {
    return this.at;
  }

  advance(ms: number): void {
    this.at += ms;
  }
}
