import type { NextFunction, Request, Response } from 'express';
import { Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Pool } from 'pg';
import { standings } from '#projections';
import type { Feed } from '#projections';

/** What Prometheus is told of this process, and of the ledger and its followers. */
export class ServiceMetrics {
  private readonly registry = new Registry();
  private readonly requests: Histogram;

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
    const size = new Gauge({ name: 'rollbook_ledger_events', help: 'Events in the ledger', registers });
    const lag = new Gauge({ name: 'rollbook_follower_lag_events', help: 'Events that a follower has still to take', labelNames: ['follower'], registers });
    const up = new Gauge({
      name: 'rollbook_postgres_up', help: '1 when PostgreSQL answered the scrape', registers,
      collect: async () => {
        try {
          const position = await this.feed.size();
          size.set(position);
          for (const [follower, behind] of Object.entries(await this.lags(position))) lag.set({ follower }, behind);
          up.set(1);
        } catch {
          up.set(0);
        }
      },
    });
  }

  async lags(head: number): Promise<{ [follower: string]: number }> {
    const all = await standings(this.pool);
    return Object.fromEntries(all.map(({ name, position }) => [name, Math.max(0, head - position)]));
  }

  text(): Promise<string> {
    return this.registry.metrics();
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
