import type { Logger } from '#platform';
import type { HeldProduct, ServedNode } from '../nodes.js';
import type { Reporter } from '../reports/reporter.js';
import { runCommand } from '../steps/command.js';
import type { CommandResult } from '../steps/command.js';

export interface Observation {
  version: string | null;
  health: 'healthy' | 'degraded' | 'unhealthy' | 'unknown';
}

/** What the machine is, for the choice of an installation method. The nodes file may say otherwise, and more under `fact/`. */
const machineFacts = { 'fact/os': process.platform, 'fact/arch': process.arch } as const;

const unknown: Observation = { version: null, health: 'unknown' };
const limitMs = 30_000;
/** Nodes looked at at the same time. */
const atOnce = 4;
const versionPattern = /^v?\d+(\.\d+){0,3}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

/** Looks at a node as its product says: which version answers, and how it feels. What cannot be measured is unknown. */
export async function observe(node: ServedNode, { product }: HeldProduct, signal?: AbortSignal): Promise<Observation> {
  const ask = (argv: readonly string[]) => runCommand({ argv, home: node.home, timeoutMs: limitMs, env: {}, ...(signal ? { signal } : {}) });
  const asked = await ask(product.versionCommand);
  const said = asked.stdout.text()?.trim() ?? '';
  const version = asked.exit === 0 && versionPattern.test(said) ? said : null;
  if (product.healthCommand === null) return { version, health: 'unknown' };
  return { version, health: healthIn(await ask(product.healthCommand)) };
}

/** A command that did not end by itself has measured nothing, and one that failed has not found a node healthy. */
function healthIn({ trouble, exit, stdout }: CommandResult): Observation['health'] {
  try {
    const { health } = JSON.parse(stdout.text() ?? '') as { health?: unknown };
    if (trouble !== null || (health === 'healthy' && exit !== 0)) return 'unknown';
    return health === 'healthy' || health === 'degraded' || health === 'unhealthy' ? health : 'unknown';
  } catch {
    return 'unknown';
  }
}

/** Announces each node once, then looks at all of them on a schedule and tells what changed. */
export class Observer {
  private readonly told = new Map<string, string>();
  private readonly announced = new Set<string>();
  /** How often a node was busy. */
  private readonly steps = new Map<string, number>();
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> | undefined;

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
    this.look();
    this.timer = setInterval(() => this.look(), this.options.everySeconds * 1000);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    clearInterval(this.timer);
    await this.round;
  }

  /** What was told of a node no longer holds: its steps have changed it, or may have. */
  forget(node: string): void {
    this.told.delete(node);
    this.steps.set(node, (this.steps.get(node) ?? 0) + 1);
  }

  /** One round at a time: slow nodes must not make rounds pile up. */
  private look(): void {
    this.round ??= this.lookAtAll().finally(() => (this.round = undefined));
  }

  private async lookAtAll(): Promise<void> {
    const { signal } = this.stopping;
    const queue = [...this.options.nodes.values()];
    const worker = async () => {
      for (let node = queue.shift(); node && !signal.aborted; node = queue.shift()) {
        await this.lookAt(node).catch((error: unknown) => this.options.logger.warn('a node could not be observed', { node: node.node, error }));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  }

  private async lookAt(node: ServedNode): Promise<void> {
    const { products, reporter, isBusy } = this.options;
    const first = !this.announced.has(node.node);
    if (isBusy(node.node) && !first) return;
    const { signal } = this.stopping;
    const steps = this.steps.get(node.node);
    const measured = isBusy(node.node) ? unknown : await observe(node, products.get(node.product)!, signal);
    // A step that began meanwhile, or that has come and gone, makes what was seen worthless. The node is there all the same.
    const spoilt = isBusy(node.node) || steps !== this.steps.get(node.node);
    if (signal.aborted || (spoilt && !first)) return;
    const seen = spoilt ? unknown : measured;
    const text = JSON.stringify(seen);
    if (this.told.get(node.node) === text) return;
    // Known before it is durable, so that what is forgotten meanwhile stays forgotten.
    this.told.set(node.node, text);
    try {
      if (first) await reporter.tell({ kind: 'announced', node: node.node, product: node.product, labels: { ...machineFacts, ...node.labels }, ...seen });
      else await reporter.tell({ kind: 'observed', node: node.node, ...seen });
    } catch (error) {
      this.told.delete(node.node);
      throw error;
    }
    this.announced.add(node.node);
  }
}
