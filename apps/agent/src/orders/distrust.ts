import type { Clock } from '#platform';

/** Messages that are told of in a minute; a flood of rubbish must fill neither the journal nor the ledger. */
const perMinute = 60;

/** Which messages that were not believed are worth a word: each once a minute, and not too many. */
export class Distrust {
  private minute = -1;
  private readonly told = new Set<string>();

  constructor(private readonly clock: Clock) {}

  isNews(sha256: string): boolean {
    const minute = Math.floor(this.clock.millis() / 60_000);
    if (minute !== this.minute) this.told.clear();
    this.minute = minute;
    if (this.told.has(sha256) || this.told.size >= perMinute) return false;
    this.told.add(sha256);
    return true;
  }
}
