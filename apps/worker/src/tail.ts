import type { LedgerReader } from '#ledger';
import { pause } from '#platform';
import type { Logger } from '#platform';

const pollMs = 15;

/** Watches the ledger's head for all followers of a process, so that only one of them asks. */
export class Tail {
  private position = 0;
  private readonly waiting = new Set<() => void>();
  private stopped = false;
  private loop: Promise<void> | undefined;

  constructor(
    private readonly reader: LedgerReader,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.loop = this.watch();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.loop;
  }

  get head(): number {
    return this.position;
  }

  /** Resolves when the ledger may hold more than `position`, or after `limitMs`. */
  async beyond(position: number, limitMs: number): Promise<void> {
    if (this.stopped || this.position > position) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, limitMs);
      this.waiting.add(done);
    });
  }

  private async watch(): Promise<void> {
    let failing = false;
    while (!this.stopped) {
      try {
        const { position } = await this.reader.head();
        failing = false;
        if (position > this.position) {
          this.position = position;
          this.wake();
        }
      } catch (error) {
        if (!failing) this.logger.warn('the head of the ledger cannot be read', { error });
        failing = true;
      }
      await pause(failing ? 250 : pollMs);
    }
  }

  private wake(): void {
    for (const done of [...this.waiting]) done();
  }
}
