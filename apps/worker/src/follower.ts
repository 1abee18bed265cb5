import type { Pool } from 'pg';
import { LeaseLost, giveLease, takeLease } from '#projections';
import type { Lease } from '#projections';
import { pause } from '#platform';
import type { Clock, Logger } from '#platform';
import type { Tail } from './tail.js';

/** One follower of the ledger: what it does with its next events, under its lease. */
export interface Follower {
  name: string;
  /** Does some work; resolves with how many events it took, and where it stands. */
  step(lease: Lease): Promise<{ taken: number; position: number }>;
  /** When there is nothing to take, how long it may sleep before it wants to look again, in milliseconds. */
  idleMs?: number;
  start?(): Promise<void>;
  stop?(): Promise<void>;
}

export interface FollowerGround {
  pool: Pool;
  tail: Tail;
  logger: Logger;
  clock: Clock;
  holder: string;
}

/** A lease must outlive a slow step, and pass on soon after its holder died. */
const leaseSeconds = 3;
const renewAfterMs = 1_000;
const retryMs = 250;
const longestPauseMs = 5_000;

/** Whether so much time has passed. A clock that was set back must not hold anything up until it has caught up. */
export function isOver(passedMs: number, wantedMs: number): boolean {
  return passedMs < 0 || passedMs >= wantedMs;
}

/** Runs a follower while its lease is ours; others wait for the lease. Never throws: trouble is logged and tried again. */
export class FollowerLoop {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private lease: Lease | undefined;
  private renewedAt = 0;
  private troubles = 0;

  constructor(
    private readonly follower: Follower,
    private readonly ground: FollowerGround,
  ) {}

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.follower.stop?.();
    if (this.lease) await giveLease(this.ground.pool, this.lease, this.ground.holder).catch(() => undefined);
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        await this.turn();
        this.troubles = 0;
      } catch (error) {
        await this.trouble(error);
      }
    }
  }

  private async turn(): Promise<void> {
    const lease = await this.holdLease();
    if (!lease) return pause(retryMs, this.stopping.signal);
    const { taken, position } = await this.follower.step(lease);
    if (taken === 0) await this.ground.tail.beyond(position, this.follower.idleMs ?? renewAfterMs);
  }

  private async holdLease(): Promise<Lease | undefined> {
    const { clock, pool, holder } = this.ground;
    const now = clock.millis();
    if (this.lease && !isOver(now - this.renewedAt, renewAfterMs)) return this.lease;
    const before = this.lease?.epoch;
    this.lease = await takeLease(pool, this.follower.name, holder, leaseSeconds);
    this.renewedAt = now;
    if (this.lease && this.lease.epoch !== before) {
      this.ground.logger.info('follower takes over', { follower: this.follower.name, epoch: this.lease.epoch });
      await this.follower.start?.();
    }
    return this.lease;
  }

  private async trouble(error: unknown): Promise<void> {
    const { logger } = this.ground;
    this.lease = undefined;
    if (error instanceof LeaseLost) return logger.warn('follower lost its lease', { follower: this.follower.name });
    this.troubles += 1;
    logger.error('follower cannot go on and tries again', { follower: this.follower.name, error, attempt: this.troubles });
    await pause(Math.min(retryMs * 2 ** (this.troubles - 1), longestPauseMs), this.stopping.signal);
  }
}
