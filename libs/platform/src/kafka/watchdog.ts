/**
 * Tells when something that should move has stood still. kafkajs can hang or stop without an error when
 * connections drop at the wrong moment (kafkajs issues #1163 and #1299), and only the absence of its events
 * shows it.
 */
export class Watchdog {
  private seen: number;
  private readonly timer: NodeJS.Timeout;

  /**
   * @param limitMs how long nothing may be seen
   * @param onSilence called once, with how long it was silent
   * @param now milliseconds of a clock that only goes forward
   */
  constructor(
    private readonly limitMs: number,
    private readonly onSilence: (silentMs: number) => void,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.seen = now();
    this.timer = setInterval(() => this.look(), Math.max(10, limitMs / 8));
  }

  sign(): void {
    this.seen = this.now();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const silentMs = this.now() - this.seen;
    if (silentMs < this.limitMs) return;
    this.stop();
    this.onSilence(Math.round(silentMs));
  }
}
