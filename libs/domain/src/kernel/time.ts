/** An instant as RFC 3339 in UTC with milliseconds; two instants compare as strings. */
export type Instant = string;

export function later(at: Instant, seconds: number): Instant {
  return new Date(Date.parse(at) + seconds * 1000).toISOString();
}

export function isDue(deadline: Instant, now: Instant): boolean {
  return deadline <= now;
}
