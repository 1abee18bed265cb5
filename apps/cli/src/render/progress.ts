import { paint } from './style.js';

/** A bar on standard error while something long runs; nothing where nobody watches. */
export class Progress {
  private readonly shown: boolean;
  private drawnAt = 0;

  constructor(
    private readonly label: string,
    private readonly millis: () => number,
    quiet = false,
  ) {
    this.shown = process.stderr.isTTY === true && !quiet;
  }

  update(done: number, total: number): void {
    if (!this.shown || (this.millis() - this.drawnAt < 100 && done < total)) return;
    this.drawnAt = this.millis();
    const share = total === 0 ? 1 : Math.min(1, done / total);
    const bar = '━'.repeat(Math.round(share * 24)).padEnd(24, '─');
    process.stderr.write(`\r${this.label} ${paint('cyan', bar, process.stderr)} ${Math.floor(share * 100)} % (${done} of ${total})\u001b[K`);
  }

  end(): void {
    if (this.shown) process.stderr.write('\r\u001b[K');
  }
}
