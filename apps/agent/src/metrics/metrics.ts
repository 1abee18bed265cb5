import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { ReportBody } from '#messaging';
import type { ServedNode } from '../nodes.js';

const healthValue = { healthy: 1, degraded: 0.5, unhealthy: 0 } as const;

interface ProductMetrics {
  errors: Counter;
  version: Gauge;
  health: Gauge;
}

/** What Prometheus is told of the nodes of an agent: under the name of their product, as the product's own alerts expect it. */
export class AgentMetrics {
  private readonly registry = new Registry();
  private readonly versions = new Map<string, string>();
  private readonly products = new Map<string, ProductMetrics>();

  constructor(
    private readonly nodes: ReadonlyMap<string, ServedNode>,
    isBusy: (node: string) => boolean,
  ) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    for (const product of new Set([...nodes.values()].map((node) => node.product))) this.products.set(product, metricsOf(product, registers));
    // A counter that begins to exist with its first error has no increase that a rate could see.
    for (const { node, product } of nodes.values()) this.products.get(product)!.errors.inc({ type: 'upgrade', node }, 0);
    new Gauge({
      name: 'rollbook_node_upgrading', help: '1 while a step of an order is under way or waits on the node', labelNames: ['node', 'product'], registers,
      collect() {
        for (const { node, product } of nodes.values()) this.set({ node, product }, isBusy(node) ? 1 : 0);
      },
    });
  }

  /** A report that this agent makes: what a node was seen to be, or how a step ended. */
  take({ kind, node: name, version, health, report }: ReportBody): void {
    const node = name === undefined ? undefined : this.nodes.get(name);
    if (!node) return;
    const metrics = this.products.get(node.product)!;
    // One that was refused was never begun; what the service makes of that is not an error of the product.
    if (kind === 'finished' && report && report.outcome !== 'succeeded' && report.outcome !== 'refused') metrics.errors.inc({ type: 'upgrade', node: node.node });
    if (kind !== 'announced' && kind !== 'observed') return;
    this.forget(node.node);
    if (typeof version === 'string') {
      metrics.version.set({ node: node.node, version }, 1);
      this.versions.set(node.node, version);
    }
    if (health !== undefined && health !== 'unknown') metrics.health.set({ node: node.node }, healthValue[health]);
  }

  /** Absent until it is seen again: steps have changed the node, or may have. */
  forget(node: string): void {
    const metrics = this.products.get(this.nodes.get(node)?.product ?? '');
    const version = this.versions.get(node);
    if (version !== undefined) metrics?.version.remove({ node, version });
    this.versions.delete(node);
    metrics?.health.remove({ node });
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }
}

function metricsOf(product: string, registers: Registry[]): ProductMetrics {
  const prefix = product.replace(/\W/g, '_');
  return {
    errors: new Counter({ name: `${prefix}_errors_total`, help: 'Steps of orders that failed on a node, those of rollbacks and procedures included', labelNames: ['type', 'node'], registers }),
    version: new Gauge({ name: `${prefix}_version_info`, help: '1 for the version that a node was last seen at', labelNames: ['node', 'version'], registers }),
    health: new Gauge({ name: `${prefix}_health_status`, help: '1 healthy, 0.5 degraded, 0 unhealthy; absent while unknown', labelNames: ['node'], registers }),
  };
}
