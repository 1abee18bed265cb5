import type { KeyObject } from 'node:crypto';
import { openOrder, openWatch, parameterPatterns } from '#messaging';
import type { DigestedRunbook, OrderBody, Step } from '#messaging';
import type { Clock, Logger } from '#platform';
import { sha256Hex } from '#proof';
import type { AgentMemory, Unsent, Watch } from '../journal/memory.js';
import type { HeldProduct, ServedNode } from '../nodes.js';
import type { Reporter } from '../reports/reporter.js';
import { Distrust } from './distrust.js';

export interface DeskOptions {
  site: string;
  serviceKeys: ReadonlyMap<string, KeyObject>;
  nodes: ReadonlyMap<string, ServedNode>;
  products: ReadonlyMap<string, HeldProduct>;
  memory: AgentMemory;
  reporter: Reporter;
  clock: Clock;
  logger: Logger;
  /** Called with every order that is to be carried out, once it is durable. */
  onOrder: (order: OrderBody) => void;
  /** Called with the epoch of every order that came, whatever becomes of it. */
  onEpoch: (node: string, epoch: number) => void;
}

/** Takes in what the channel brings: refuses what may not be done, makes the rest durable, and acknowledges it. */
export class OrderDesk {
  private readonly distrust: Distrust;

  constructor(private readonly options: DeskOptions) {
    this.distrust = new Distrust(options.clock);
  }

  async take(messages: readonly Buffer[], cursor?: number): Promise<void> {
    const { memory, reporter, clock, onOrder, onEpoch } = this.options;
    const taken: OrderBody[] = [];
    const refused: OrderBody[] = [];
    const reports: Unsent[] = [];
    const watches: { node: string; watch: Watch }[] = [];
    for (const bytes of messages) {
      const watch = this.watchIn(bytes);
      if (watch === 'refused') continue;
      if (watch) {
        watches.push(watch);
        continue;
      }
      const order = this.open(bytes, reports);
      if (!order || [...taken, ...refused].some((one) => one.order === order.order) || memory.find(order.order)) continue;
      const refusal = this.refusalOf(order, [...taken, ...refused]);
      if (refusal === undefined) {
        taken.push(order);
        reports.push(reporter.accepted(order));
      } else {
        refused.push(order);
        reports.push(reporter.refused(order, refusal, clock.now()));
      }
    }
    if (messages.length === 0 && cursor === undefined) return;
    // Also where nothing is new: an order that came before may not be durable yet, and the channel lets go of it now.
    await memory.take(taken, refused, reports, cursor, watches);
    reporter.wake();
    for (const { node, epoch } of [...taken, ...refused]) onEpoch(node, epoch);
    for (const order of taken) onOrder(order);
  }

  /** The step that an order names, of a runbook that this agent holds. */
  stepOf(order: OrderBody): Step | undefined {
    return this.runbookOf(order)?.content.steps.find((step) => step.step === order.step);
  }

  /** A wish to watch a node; undefined for another message, which may be an order. */
  private watchIn(bytes: Buffer): { node: string; watch: Watch } | 'refused' | undefined {
    const { serviceKeys, site, nodes, logger } = this.options;
    const opened = openWatch(bytes, serviceKeys);
    if (opened === undefined) return undefined;
    if (!opened.ok) {
      logger.warn('a wish to watch a node was refused', { reason: opened.reason, problem: opened.problem });
      return 'refused';
    }
    const { node, everySeconds, until } = opened.body;
    if (opened.body.site !== site || !nodes.has(node)) return 'refused';
    return { node, watch: { everySeconds, until } };
  }

  /** Undefined for what is not an order for a node of this agent; what cannot be believed is told to the service. */
  private open(bytes: Buffer, reports: Unsent[]): OrderBody | undefined {
    const { serviceKeys, site, nodes, reporter, logger } = this.options;
    const opened = openOrder(bytes, serviceKeys);
    if (opened.ok && opened.body.site === site) return nodes.has(opened.body.node) ? opened.body : undefined;
    const reason = opened.ok ? 'wrong-site' : opened.reason;
    logger.warn('an order was refused', { reason, problem: opened.ok ? `it is of site ${opened.body.site}` : opened.problem });
    const sha256 = sha256Hex(bytes);
    if (this.distrust.isNews(sha256)) reports.push(reporter.distrusted({ reason, sha256, bytes: bytes.length }));
    return undefined;
  }

  /** Why an order is not carried out; undefined when it is. */
  private refusalOf(order: OrderBody, before: readonly OrderBody[]): string | undefined {
    const { memory, clock, nodes } = this.options;
    const epoch = Math.max(memory.epochOf(order.node), ...before.filter((one) => one.node === order.node).map((one) => one.epoch));
    if (order.epoch < epoch) return 'epoch-old';
    if (order.expiresAt <= clock.now()) return 'order-expired';
    if (nodes.get(order.node)!.product !== order.product) return 'product-differs';
    const runbook = this.runbookOf(order);
    if (!runbook) return 'runbook-unknown';
    if (!this.stepOf(order)) return 'step-unknown';
    return this.parametersFit(runbook, order) ? undefined : 'parameter-invalid';
  }

  private runbookOf(order: OrderBody): DigestedRunbook | undefined {
    const runbook = this.options.products.get(order.product)?.runbooks.get(order.digest);
    return runbook?.runbook === order.runbook ? runbook : undefined;
  }

  /** Exactly the declared parameters, each of its type. */
  private parametersFit({ content }: DigestedRunbook, { parameters }: OrderBody): boolean {
    const declared = Object.entries(content.parameters);
    if (declared.length !== Object.keys(parameters).length) return false;
    return declared.every(([name, { type }]) => Object.hasOwn(parameters, name) && parameterPatterns[type].test(parameters[name]!));
  }
}
