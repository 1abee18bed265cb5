import type { NextFunction, Request, Response } from 'express';
import { Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Pool } from 'pg';
import { countParked, followerOf, projections, standings } from '#projections';
import type { Feed } from '#projections';

/** Those who follow the ledger in every installation; one that never ran is behind by all of it. */
const expected = [...projections.map(followerOf), 'publisher', 'conductor'];

/** What Prometheus is told of this process, and of the ledger and its followers. */
export class ServiceMetrics {
  private readonly registry = new Registry();
  private readonly requests: Histogram;
  private readonly ledger: { size: Gauge; lag: Gauge; parked: Gauge; up: Gauge; rollouts: Gauge };

  constructor(
    private readonly pool: Pool,
    private readonly feed: Feed,
  ) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.requests = new Histogram({
      name: 'rollbook_http_request_seconds', help: 'Time to answer HTTP requests', labelNames: ['method', 'route', 'status'],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5], registers,
    });
    const gauge = (name: string, help: string, ...labelNames: string[]) => new Gauge({ name: `rollbook_${name}`, help, labelNames, registers });
    this.ledger = {
      size: gauge('ledger_events', 'Events in the ledger'),
      lag: gauge('follower_lag_events', 'Events that a follower has still to take', 'follower'),
      parked: gauge('parked_keys', 'Keys of a read model whose events had to be set aside', 'projection'),
      rollouts: gauge('rollouts_running', 'Rollouts of a product that change nodes; 0 when there are none', 'product'),
      up: gauge('postgres_up', '1 when PostgreSQL answered the scrape'),
    };
  }

  async lags(head: number): Promise<{ [follower: string]: number }> {
    const all = await standings(this.pool);
    const known = Object.fromEntries(all.map(({ name, position }) => [name, Math.max(0, head - position)]));
    return { ...Object.fromEntries(expected.map((name) => [name, head])), ...known };
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** Looks first: metrics are gathered side by side, and some would still tell what the scrape before had found. */
  async text(): Promise<string> {
    const { size, lag, parked, up, rollouts } = this.ledger;
    try {
      const head = await this.feed.size();
      size.set(head);
      for (const [follower, behind] of Object.entries(await this.lags(head))) lag.set({ follower }, behind);
      for (const [projection, keys] of Object.entries(await countParked(this.pool))) parked.set({ projection }, keys);
      const running = await this.running();
      rollouts.reset();
      for (const { product, count } of running) rollouts.set({ product }, count);
      up.set(1);
    } catch {
      up.set(0);
      // Absent while unknown: an old figure, or the 0 of a gauge that was never set, would be taken for the ledger's.
      size.remove();
      for (const one of [lag, parked, rollouts]) one.reset();
    }
    return this.registry.metrics();
  }

  /** Every product of the fleet, those too that nothing changes: an alert needs the 0. A paused rollout leaves its nodes mixed as well. */
  private async running(): Promise<{ product: string; count: number }[]> {
    const { rows } = await this.pool.query<{ product: string; count: number }>(
      `select f.product, (select count(*)::int from roll.rollout r where r.product = f.product and r.state in ('running', 'paused', 'stopping', 'rolling-back')) as count
       from (select distinct product from roll.fleet) f`,
    );
    return rows;
  }

  /** Measures every request; the route, not the path, so that ids do not become labels. */
  middleware() {
    return (request: Request, response: Response, next: NextFunction): void => {
      const end = this.requests.startTimer();
      response.once('close', () => {
        const route = (request.route as { path?: string } | undefined)?.path ?? 'none';
        end({ method: request.method, route, status: String(response.statusCode) });
      });
      next();
    };
  }
}
