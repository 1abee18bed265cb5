import type { Clock, Logger } from '#platform';
import type { Watch } from '../journal/memory.js';
import type { HeldProduct, ServedNode } from '../nodes.js';
import type { Reporter } from '../reports/reporter.js';
import { isNumbers, versionPattern } from '#messaging';
import { runCommand } from '../steps/command.js';
import type { CommandResult } from '../steps/command.js';
import { endLeftOvers } from '../steps/processes.js';

export interface Observation {
  version: string | null;
  health: 'healthy' | 'degraded' | 'unhealthy' | 'unknown';
}

/** What the machine is, for the choice of an installation method. The nodes file may say otherwise, and more under `fact/`. */
const machineFacts = { 'fact/os': process.platform, 'fact/arch': process.arch } as const;
/** How often it is looked whether a watched node is due, in milliseconds. */
const watchMs = 250;

const unknown: Observation = { version: null, health: 'unknown' };
const limitMs = 30_000;
/** Nodes looked at at the same time. */
const atOnce = 4;

/** Looks at a node as its product says: which version answers, and how it feels. What cannot be measured is unknown. */
export async function observe(node: ServedNode, { product }: HeldProduct, mark: string, signal?: AbortSignal): Promise<Observation> {
  const ask = (argv: readonly string[]) => runCommand({ argv, home: node.home, timeoutMs: limitMs, mark, ...(signal ? { signal } : {}) });
  const asked = await ask(product.versionCommand);
  const said = asked.stdout.text()?.trim() ?? '';
  const version = asked.exit === 0 && versionPattern.test(said) ? said : null;
  if (product.healthCommand === null) return { version, health: 'unknown' };
  return { version, health: healthIn(await ask(product.healthCommand)) };
}

/** What a node's product counts. What cannot be counted is left out, and never taken for nothing. */
export async function count(node: ServedNode, { product }: HeldProduct, mark: string, signal?: AbortSignal): Promise<{ [metric: string]: number }> {
  if (product.metricsCommand === null) return {};
  const { exit, stdout } = await runCommand({ argv: product.metricsCommand, home: node.home, timeoutMs: limitMs, mark, ...(signal ? { signal } : {}) });
  try {
    const answer: unknown = exit === 0 ? JSON.parse(stdout.text() ?? '') : null;
    const numbers = Object.fromEntries(Object.entries((answer ?? {})).filter(([, value]) => typeof value === 'number' && Number.isFinite(value)));
    return isNumbers(numbers) ? numbers : {};
  } catch {
    return {};
  }
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
  private watchTimer: NodeJS.Timeout | undefined;
  /** When a watched node was last looked at, and those that are right now. */
  private readonly lookedAt = new Map<string, number>();
  private readonly looking = new Map<string, Promise<void>>();
  private round: Promise<void> | undefined;

  constructor(
    private readonly options: {
      nodes: ReadonlyMap<string, ServedNode>;
      products: ReadonlyMap<string, HeldProduct>;
      reporter: Reporter;
      isBusy: (node: string) => boolean;
      /** What the commands carry that look at nodes; the same after a restart. */
      mark: string;
      everySeconds: number;
      /** Nodes that are looked at more often for a while. */
      watches: () => ReadonlyMap<string, Watch>;
      clock: Clock;
      logger: Logger;
    },
  ) {}

  async start(): Promise<void> {
    // A look that hangs may hold what the next one, or a step, then waits for.
    const left = await endLeftOvers(`${this.options.mark}.`);
    if (left !== 'none') this.options.logger.warn('commands were left over from looking at nodes before', { left });
    if (this.stopping.signal.aborted) return;
    this.look();
    this.timer = setInterval(() => this.look(), this.options.everySeconds * 1000);
    this.watchTimer = setInterval(() => this.lookAtWatched(), watchMs);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    clearInterval(this.timer);
    clearInterval(this.watchTimer);
    await Promise.all([this.round, ...this.looking.values()]);
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

  /** Watched nodes that are due, a few at a time; each look is told, whatever it shows. */
  private lookAtWatched(): void {
    const { watches, clock, nodes, isBusy, logger } = this.options;
    for (const [name, { everySeconds, until }] of watches()) {
      const node = nodes.get(name);
      const due = (this.lookedAt.get(name) ?? 0) + everySeconds * 1000 <= clock.millis();
      if (!node || until <= clock.now() || !due || this.looking.has(name) || this.looking.size >= atOnce) continue;
      if (!this.announced.has(name) || isBusy(name)) continue;
      this.lookedAt.set(name, clock.millis());
      const look = this.watch(node).catch((error: unknown) => logger.warn('a watched node could not be observed', { node: name, error }));
      this.looking.set(name, look.finally(() => this.looking.delete(name)));
    }
  }

  private async watch(node: ServedNode): Promise<void> {
    const { products, reporter, isBusy, mark } = this.options;
    const { signal } = this.stopping;
    const steps = this.steps.get(node.node);
    const product = products.get(node.product)!;
    const seen = await observe(node, product, `${mark}.${node.node}`, signal);
    const metrics = await count(node, product, `${mark}.${node.node}`, signal);
    if (signal.aborted || isBusy(node.node) || steps !== this.steps.get(node.node)) return;
    this.told.set(node.node, JSON.stringify(seen));
    await reporter.tell({ kind: 'observed', node: node.node, ...seen, metrics });
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
    const { products, reporter, isBusy, mark } = this.options;
    const first = !this.announced.has(node.node);
    if (isBusy(node.node) && !first) return;
    const { signal } = this.stopping;
    const steps = this.steps.get(node.node);
    const measured = isBusy(node.node) ? unknown : await observe(node, products.get(node.product)!, `${mark}.${node.node}`, signal);
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
