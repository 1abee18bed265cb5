import type { Pool } from 'pg';
import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { Clock } from '#platform';

/** What Prometheus is told of a worker: how far followers are, which leases are held, how many deadlines have passed. */
export class WorkerMetrics {
  private readonly registry = new Registry();
  private readonly position: Gauge;
  private readonly leases: Gauge;
  private readonly due: Gauge;

  constructor(
    private readonly pool: Pool,
    private readonly clock: Clock,
  ) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.position = new Gauge({ name: 'rollbook_follower_position', help: 'Position in the ledger up to which a follower has taken events', labelNames: ['follower'], registers });
    this.leases = new Gauge({ name: 'rollbook_lease_held', help: '1 while some worker holds the lease', labelNames: ['lease'], registers });
    this.due = new Gauge({ name: 'rollbook_timers_due', help: 'Deadlines that have passed and were not yet dealt with', registers });
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** Absent while PostgreSQL does not answer: an old figure would be taken for the present one. */
  async text(): Promise<string> {
    const { position, leases, due } = this;
    for (const one of [position, leases]) one.reset();
    due.remove();
    try {
      const followers = await this.pool.query<{ name: string; position: string }>('select name, position from roll.follower');
      const held = await this.pool.query<{ name: string; held: number }>('select name, (expires_at > clock_timestamp())::int as held from roll.lease');
      const timers = await this.pool.query<{ due: number }>('select count(*)::int as due from roll.timer where due_at <= $1', [this.clock.now()]);
      for (const { name, position: at } of followers.rows) position.set({ follower: name }, Number(at));
      for (const { name, held: is } of held.rows) leases.set({ lease: name }, is);
      due.set(timers.rows[0]!.due);
    } catch {
      // The API tells that PostgreSQL is away; the metrics of this process are told all the same.
    }
    return this.registry.metrics();
  }
}
