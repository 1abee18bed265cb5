import type { OrderBody, Step } from '#messaging';
import { pause } from '#platform';
import type { Clock, Logger } from '#platform';
import type { AgentMemory } from '../journal/memory.js';
import type { ServedNode } from '../nodes.js';
import type { OrderResult, Reporter } from '../reports/reporter.js';
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

/** Between attempts to write what cannot be written now, in milliseconds. */
const firstPauseMs = 200;
const longestPauseMs = 5_000;

interface Lane {
  waiting: OrderBody[];
  running: { order: OrderBody; cancel: AbortController } | undefined;
}

/** Carries out orders from the journal: one step at a time for each node, several nodes at once. */
export class Executor {
  private readonly lanes = new Map<string, Lane>();
  private readonly work = new Set<Promise<void>>();
  private readonly ready: Lane[] = [];
  private readonly stopping = new AbortController();
  private underWay = 0;

  constructor(private readonly options: ExecutorOptions) {}

  /** Whether a step of the node is under way or waiting: whoever looks at the node now sees it half changed. */
  isBusy(node: string): boolean {
    return this.lanes.has(node);
  }

  add(order: OrderBody): void {
    const lane = this.lanes.get(order.node) ?? { waiting: [], running: undefined };
    this.lanes.set(order.node, lane);
    lane.waiting.push(order);
    if (!lane.running && lane.waiting.length === 1) this.ready.push(lane);
    this.turn();
  }

  /** A newer epoch means that the service has given up on what runs under an older one. */
  fence(node: string, epoch: number): void {
    const running = this.lanes.get(node)?.running;
    if (running && running.order.epoch < epoch) running.cancel.abort();
  }

  /** Stops taking up steps, ends those under way without a report; the journal knows that they were begun. */
  async stop(): Promise<void> {
    this.stopping.abort();
    for (const { running } of this.lanes.values()) running?.cancel.abort();
    await Promise.all(this.work);
  }

  private turn(): void {
    const limit = this.options.stepsAtOnce ?? 4;
    while (!this.stopping.signal.aborted && this.underWay < limit) {
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
    const { memory, logger, nodes, stepOf } = this.options;
    const held = memory.find(order.order);
    if (!held || held.ended) return;
    const brokenOff = held.started;
    // Before all else: whatever becomes of the order, its command does not go on beside the next.
    const leftOver = brokenOff ? await endLeftOver(order.order, held.child) : 'none';
    if (leftOver === 'ended') logger.warn('ended a command left over from before', { order: order.order });
    if (leftOver === 'stuck') return this.end(order, this.notDone('interrupted', 'left-over-running'));
    const step = stepOf(order);
    const node = nodes.get(order.node);
    const refusal = this.refusalNow(order, brokenOff, step);
    if (refusal !== undefined || !step || !node) {
      // A step that was begun is not one that was never done.
      return this.end(order, this.notDone(brokenOff ? 'interrupted' : 'refused', refusal ?? 'step-unknown'));
    }
    if (!brokenOff) await this.written(() => memory.start(order.order));
    logger.info('step', { node: order.node, step: order.step, order: order.order, brokenOff });
    const onChild = (child: Parameters<AgentMemory['child']>[1]) => memory.child(order.order, child);
    const { mirror, clock } = this.options;
    const result = await this.attempt({ node, step, order, brokenOff, mirror, signal, onChild, clock });
    // Ended by our own stop: the next start goes on by the step's rule.
    if (this.stopping.signal.aborted && result.outcome === 'interrupted') return;
    await this.end(order, result);
  }

  /** Whatever goes wrong in the agent itself is an outcome too; silence would only run into the service's deadline. */
  private async attempt(wish: StepWish): Promise<StepResult> {
    try {
      return await (this.options.carryOut ?? carryOut)(wish);
    } catch (error) {
      this.options.logger.error('a step failed within the agent', { order: wish.order.order, error });
      const said = Buffer.from(`${error instanceof Error ? error.message : String(error)}\n`);
      return { ...this.notDone('failed', 'agent-error'), evidence: said };
    }
  }

  private async end(order: OrderBody, result: OrderResult): Promise<void> {
    const { memory, reporter } = this.options;
    const kept = await this.written(() => reporter.keep(result));
    await this.written(() => memory.end(order.order, reporter.finished(order, kept)));
    reporter.wake();
  }

  private notDone<O extends OrderResult['outcome']>(outcome: O, reason: string): OrderResult & { outcome: O } {
    const finishedAt = this.options.clock.now();
    return { outcome, reason, startedAt: null, finishedAt, exit: null, facts: {}, evidence: undefined, truncated: false, found: false };
  }

  /** Writes until it is written. Nothing may go on before, and what a step did must not be forgotten for want of room. */
  private async written<T>(write: () => Promise<T>): Promise<T> {
    const { signal } = this.stopping;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      try {
        return await write();
      } catch (error) {
        if (signal.aborted) throw error;
        this.options.logger.error('the journal cannot be written; trying again', { error });
        await pause(pauseMs, signal);
      }
    }
  }

  /** What has changed since the order was taken: a newer epoch, or its time has run out before it began. */
  private refusalNow(order: OrderBody, started: boolean, step: Step | undefined): string | undefined {
    const { memory, clock, nodes } = this.options;
    if (order.epoch < memory.epochOf(order.node)) return 'epoch-old';
    if (!started && order.expiresAt <= clock.now()) return 'order-expired';
    if (!nodes.has(order.node)) return 'node-unknown';
    return step ? undefined : 'runbook-unknown';
  }
}
