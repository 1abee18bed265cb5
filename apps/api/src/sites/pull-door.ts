import { createHash, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { Intake, openPass } from '#messaging';
import type { IntakePorts, ReceiptBody } from '#messaging';
import { Mailbox, readStanding } from '#projections';
import { pause } from '#platform';
import type { Clock } from '#platform';
import type { Pool } from 'pg';

const lettersMax = 100;
const pollMs = 20;

/** A letter that is no JSON is no order; it must not keep those behind it. */
function readable(message: string): unknown[] {
  try {
    return [JSON.parse(message) as unknown];
  } catch {
    return [];
  }
}

/** The door for agents that pull: checks their passes, holds requests open until there is an order, takes reports. */
export class PullDoor {
  private readonly mailbox: Mailbox;
  private readonly intake: Intake;
  private readonly waiting = new Set<() => void>();
  private watching = false;
  private delivered = -1;

  constructor(
    private readonly options: {
      pool: Pool;
      clock: Clock;
      ports: IntakePorts;
      enrolmentTokenFile: string;
      servicePublicKeyFile: string;
    },
  ) {
    this.mailbox = new Mailbox(options.pool);
    this.intake = new Intake(options.ports);
  }

  /** Whether a secret is the one that agents enrol with. */
  mayEnrol(secret: string | undefined): boolean {
    const { enrolmentTokenFile: file } = this.options;
    if (secret === undefined || !existsSync(file)) return false;
    const [given, wanted] = [secret, readFileSync(file, 'utf8').trim()].map((text) => createHash('sha256').update(text).digest());
    return timingSafeEqual(given!, wanted!);
  }

  servicePublicKey(): string {
    return readFileSync(this.options.servicePublicKeyFile, 'utf8');
  }

  /** The agent that shows a pass; undefined when the pass is not good for the site. */
  async agentOf(site: string, pass: string): Promise<string | undefined> {
    const { ports, clock } = this.options;
    return openPass(pass, site, await ports.agentsOf(site), clock.millis());
  }

  /** Orders behind a position; waits for one at most `waitMs`, and no longer than the caller does. */
  async orders(site: string, after: number, waitMs: number, gone: AbortSignal): Promise<{ orders: unknown[]; cursor: number }> {
    const { clock } = this.options;
    for (const until = clock.millis() + waitMs; ; ) {
      const letters = await this.mailbox.after(site, after, lettersMax);
      const left = until - clock.millis();
      if (letters.length > 0 || left <= 0 || gone.aborted) {
        return { orders: letters.flatMap((letter) => readable(letter.message)), cursor: letters.at(-1)?.position ?? after };
      }
      await this.delivery(left, gone);
    }
  }

  take(site: string, reports: readonly unknown[]): Promise<ReceiptBody[]> {
    return this.intake.take(site, reports.map((report) => Buffer.from(JSON.stringify(report))));
  }

  /** Until the publisher has moved on, or the time is up. One poll serves all who wait. */
  private delivery(limitMs: number, gone: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.waiting.delete(done);
        gone.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, limitMs);
      gone.addEventListener('abort', done, { once: true });
      this.waiting.add(done);
      if (!this.watching) void this.watch();
    });
  }

  private async watch(): Promise<void> {
    this.watching = true;
    while (this.waiting.size > 0) {
      await pause(pollMs);
      const position = await readStanding(this.options.pool, 'publisher').then((standing) => standing.position, () => this.delivered);
      if (position === this.delivered) continue;
      this.delivered = position;
      for (const done of [...this.waiting]) done();
    }
    this.watching = false;
  }
}
