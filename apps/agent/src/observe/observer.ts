import type { Logger } from '#platform';
import type { HeldProduct, ServedNode } from '../nodes.js';
import type { Reporter } from '../reports/reporter.js';
import { runCommand } from '../steps/command.js';

export interface Observation {
  version: string | null;
  health: 'healthy' | 'degraded' | 'unhealthy' | 'unknown';
}

const limitMs = 30_000;
/** Nodes looked at at the same time. */
const atOnce = 4;
const versionPattern = /^v?\d+(\.\d+){0,3}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

/** Looks at a node as its product says: which version answers, and how it feels. What cannot be measured is unknown. */
export async function observe(node: ServedNode, { product }: HeldProduct): Promise<Observation> {
  const asked = await runCommand({ argv: product.versionCommand, home: node.home, timeoutMs: limitMs, env: {} });
  const said = asked.stdout.text()?.trim() ?? '';
  const version = asked.exit === 0 && versionPattern.test(said) ? said : null;
  if (product.healthCommand === null) return { version, health: 'unknown' };
  const felt = await runCommand({ argv: product.healthCommand, home: node.home, timeoutMs: limitMs, env: {} });
  return { version, health: healthIn(felt.stdout.text()) };
}

function healthIn(text: string | undefined): Observation['health'] {
  try {
    const { health } = JSON.parse(text ?? '') as { health?: unknown };
    return health === 'healthy' || health === 'degraded' || health === 'unhealthy' ? health : 'unknown';
  } catch {
    return 'unknown';
  }
}

/** Announces each node once, then looks at all of them on a schedule and tells what changed. */
export class Observer {
  private readonly told = new Map<string, string>();
  private readonly announced = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly options: {
      nodes: ReadonlyMap<string, ServedNode>;
      products: ReadonlyMap<string, HeldProduct>;
      reporter: Reporter;
      isBusy: (node: string) => boolean;
      everySeconds: number;
      logger: Logger;
    },
  ) {}

  start(): void {
    this.round = this.lookAtAll();
    this.timer = setInterval(() => {
      this.round = this.round.then(() => this.lookAtAll());
    }, this.options.everySeconds * 1000);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.round;
  }

  /** What was told of a node no longer holds: its steps have changed it, or may have. */
  forget(node: string): void {
    this.told.delete(node);
  }

  private async lookAtAll(): Promise<void> {
    const queue = [...this.options.nodes.values()];
    const worker = async () => {
      for (let node = queue.shift(); node && !this.stopped; node = queue.shift()) {
        await this.lookAt(node).catch((error: unknown) => this.options.logger.warn('a node could not be observed', { node: node.node, error }));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  }

  private async lookAt(node: ServedNode): Promise<void> {
    const { products, reporter, isBusy } = this.options;
    const first = !this.announced.has(node.node);
    if (isBusy(node.node) && !first) return;
    const seen: Observation = isBusy(node.node) ? { version: null, health: 'unknown' } : await observe(node, products.get(node.product)!);
    // A step that began meanwhile makes what was seen worthless.
    if (this.stopped || (isBusy(node.node) && !first)) return;
    const text = JSON.stringify(seen);
    if (this.told.get(node.node) === text) return;
    this.told.set(node.node, text);
    this.announced.add(node.node);
    if (first) await reporter.tell({ kind: 'announced', node: node.node, product: node.product, labels: node.labels, ...seen });
    else await reporter.tell({ kind: 'observed', node: node.node, ...seen });
  }
}
