import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import type { AgentChannel } from '#messaging';
import type { Clock, Logger } from '#platform';
import type { Identity } from './identity.js';
import { AgentMetrics } from './metrics/metrics.js';
import { AgentMemory } from './journal/memory.js';
import type { HeldProduct, ServedNode } from './nodes.js';
import { Observer } from './observe/observer.js';
import { OrderDesk } from './orders/desk.js';
import { Executor } from './orders/executor.js';
import { EvidenceFolder } from './reports/evidence.js';
import { Reporter } from './reports/reporter.js';
import type { StepResult, StepWish } from './steps/step.js';

export interface AgentOptions {
  site: string;
  agent: string;
  state: string;
  identity: Identity;
  serviceKeys: ReadonlyMap<string, KeyObject>;
  nodes: ReadonlyMap<string, ServedNode>;
  products: ReadonlyMap<string, HeldProduct>;
  /** Where release artifacts are fetched from. */
  mirror: string;
  observeSeconds: number;
  clock: Clock;
  logger: Logger;
  /** Makes the channel, given where a pull goes on. */
  channel: (cursor: number) => AgentChannel;
  stepsAtOnce?: number;
  carryOut?: (wish: StepWish) => Promise<StepResult>;
}

/** An agent of a site: its journal in the middle, orders in, steps, reports out. */
export class Agent {
  readonly metrics: AgentMetrics;
  private readonly memory: AgentMemory;
  private readonly channel: AgentChannel;
  private readonly reporter: Reporter;
  private readonly desk: OrderDesk;
  private readonly executor: Executor;
  private readonly observer: Observer;

  constructor(options: AgentOptions) {
    const { site, agent, state, identity, serviceKeys, nodes, products, mirror, clock, logger } = options;
    this.memory = new AgentMemory(join(state, 'journal'));
    this.channel = options.channel(this.memory.cursor);
    const evidence = new EvidenceFolder(join(state, 'evidence'));
    const { memory, channel } = this;
    evidence.keepOnly(new Set(memory.reports().flatMap((one) => one.evidence)));
    const metrics = new AgentMetrics(nodes, (node) => this.executor.isBusy(node));
    this.metrics = metrics;
    this.reporter = new Reporter({
      site, agent, key: identity.privateKey, keyId: identity.keyId, memory, evidence, channel, clock, logger, onReport: (body) => metrics.take(body),
    });
    const { reporter } = this;
    this.executor = new Executor({
      nodes, memory, reporter, mirror, clock, logger,
      stepOf: (order) => this.desk.stepOf(order),
      onIdle: (node) => {
        this.observer.forget(node);
        metrics.forget(node);
      },
      ...(options.stepsAtOnce === undefined ? {} : { stepsAtOnce: options.stepsAtOnce }),
      ...(options.carryOut ? { carryOut: options.carryOut } : {}),
    });
    this.desk = new OrderDesk({ site, serviceKeys, nodes, products, memory, reporter, clock, logger, onOrder: (order) => this.executor.add(order), onEpoch: (node, epoch) => this.executor.fence(node, epoch) });
    const isBusy = (node: string) => this.executor.isBusy(node);
    this.observer = new Observer({
      nodes, products, reporter, isBusy, everySeconds: options.observeSeconds, mark: `look.${memory.incarnation}`, watches: () => memory.watches(), clock, logger,
    });
  }

  /** Goes on with what the journal holds, then takes what the channel brings. */
  async start({ observe = true } = {}): Promise<void> {
    for (const { order } of this.memory.pending()) this.executor.add(order);
    this.reporter.start();
    if (observe) await this.observer.start();
    await this.channel.start({
      orders: (messages, cursor) => this.desk.take(messages, cursor),
      receipt: (receipt) => this.reporter.receipt(receipt),
    });
  }

  async stop(): Promise<void> {
    await this.executor.stop();
    await Promise.all([this.channel.stop(), this.reporter.stop(), this.observer.stop()]);
    await this.memory.close();
  }
}
