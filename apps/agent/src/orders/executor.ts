import type { OrderBody, Step } from '#messaging';
import type { Clock, Logger } from '#platform';
import type { AgentMemory } from '../journal/memory.js';
import type { ServedNode } from '../nodes.js';
import type { Reporter } from '../reports/reporter.js';
import { endLeftOver } from '../steps/processes.js';
import { carryOut } from '../steps/step.js';
import type { StepResult, StepWish } from '../steps/step.js';

export interface ExecutorOptions {
  nodes: ReadonlyMap<string, ServedNode>;
  stepOf: (order: OrderBody) => Step | undefined;
  memory: AgentMemory;
  reporter: Reporter;
  mirror: string;
  clock: Clock;
  logger: Logger;
  /** Called when a node has no more steps to do. */
  onIdle?: (node: string) => void;
  /** Steps under way at once over all nodes. */
  stepsAtOnce?: number;
  /** How a step is carried out; a simulation of many nodes gives its own. */
  carryOut?: (wish: StepWish) => Promise<StepResult>;
}

interface Lane {
  waiting: OrderBody[];
  running: { order: OrderBody; cancel: AbortController } | undefined;
}

/** Carries out orders from the journal: one step at a time for each node, several nodes at once. */
export class Executor {
  private readonly lanes = new Map<string, Lane>();
  private readonly work = new Set<Promise<void>>();
  private readonly ready: Lane[] = [];
  private underWay = 0;
  private stopped = false;

  constructor(private readonly options: ExecutorOptions) {}

  /** Whether a step of the node is under way or waiting: whoever looks at the node now sees it half changed. */
  isBusy(node: string): boolean {
    return this.lanes.has(node);
  }

  add(order: OrderBody): void {
    const lane = this.lanes.get(order.node) ?? { waiting: [], running: undefined };
    this.lanes.set(order.node, lane);
    lane.waiting.push(order);
    // A newer epoch means that the service has given up on what runs under an older one.
    if (lane.running && lane.running.order.epoch < order.epoch) lane.running.cancel.abort();
    if (!lane.running && lane.waiting.length === 1) this.ready.push(lane);
    this.turn();
  }

  /** Stops taking up steps, ends those under way without a report; the journal knows that they were begun. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const { running } of this.lanes.values()) running?.cancel.abort();
    await Promise.all(this.work);
  }

  private turn(): void {
    const limit = this.options.stepsAtOnce ?? 4;
    while (!this.stopped && this.underWay < limit) {
      const lane = this.ready.shift();
      if (!lane) return;
      this.underWay += 1;
      const work = this.run(lane).finally(() => {
        this.work.delete(work);
        this.underWay -= 1;
        this.turn();
      });
      this.work.add(work);
    }
  }

  private async run(lane: Lane): Promise<void> {
    const order = lane.waiting.shift()!;
    const cancel = new AbortController();
    lane.running = { order, cancel };
    try {
      await this.carry(order, cancel.signal);
    } catch (error) {
      this.options.logger.error('an order could not be carried out', { order: order.order, error });
    }
    lane.running = undefined;
    if (lane.waiting.length > 0) this.ready.push(lane);
    else {
      this.lanes.delete(order.node);
      this.options.onIdle?.(order.node);
    }
  }

  private async carry(order: OrderBody, signal: AbortSignal): Promise<void> {
    const { memory, reporter, clock, logger, nodes, stepOf } = this.options;
    const held = memory.find(order.order);
    if (!held || held.ended) return;
    const step = stepOf(order);
    const refusal = this.refusalNow(order, held.started, step);
    if (refusal !== undefined || !step) {
      await memory.end(order.order, reporter.refused(order, refusal ?? 'step-unknown', clock.now()));
      return reporter.wake();
    }
    if (held.child && (await endLeftOver(held.child))) logger.warn('ended a command left over from before', { order: order.order });
    const brokenOff = held.started;
    if (!brokenOff) await memory.start(order.order);
    logger.info('step', { node: order.node, step: order.step, order: order.order, brokenOff });
    const onChild = (child: Parameters<AgentMemory['child']>[1]) => memory.child(order.order, child);
    const wish: StepWish = { node: nodes.get(order.node)!, step, order, brokenOff, mirror: this.options.mirror, signal, onChild, clock };
    const result = await (this.options.carryOut ?? carryOut)(wish);
    // Ended by our own stop: the next start goes on by the step's rule.
    if (this.stopped && signal.aborted) return;
    await memory.end(order.order, await reporter.finished(order, result));
    reporter.wake();
  }

  /** What has changed since the order was taken: a newer epoch, or its time has run out before it began. */
  private refusalNow(order: OrderBody, started: boolean, step: Step | undefined): string | undefined {
    const { memory, clock } = this.options;
    if (order.epoch < memory.epochOf(order.node)) return 'epoch-old';
    if (!started && order.expiresAt <= clock.now()) return 'order-expired';
    return step ? undefined : 'runbook-unknown';
  }
}
