import { openReceipt, isReceipt } from '../receipts/receipt.js';
import type { KeyObject } from 'node:crypto';
import type {
  AgentChannel, AgentHandlers, OrderSender, OutgoingOrder, OutgoingReport, ReportHandler, ReportReceiver, SealReceipt,
} from './channel.js';

/** One process's stand-in for a broker: everything sent is kept and delivered until it is taken. For tests. */
export class MemoryChannel implements OrderSender, ReportReceiver {
  private readonly agents = new Map<string, { handlers: AgentHandlers; from: number }>();
  private readonly toSite = new Map<string, Buffer[]>();
  private readonly fromSite = new Map<string, Buffer[]>();
  private handler: ReportHandler | undefined;
  private work = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly sealReceipt: SealReceipt,
    private readonly serviceKeys: ReadonlyMap<string, KeyObject>,
  ) {}

  /** The end of one agent of a site. */
  agent(site: string, agent: string): AgentChannel {
    const key = `${site}/${agent}`;
    return {
      start: (handlers) => {
        this.agents.set(key, { handlers, from: this.agents.get(key)?.from ?? 0 });
        return this.pump();
      },
      send: (reports: readonly OutgoingReport[]) => {
        this.queue(this.fromSite, site).push(...reports.map((report) => report.bytes));
        return this.pump();
      },
      stop: () => {
        this.agents.delete(key);
        return Promise.resolve();
      },
    };
  }

  send(orders: readonly OutgoingOrder[]): Promise<void> {
    for (const order of orders) this.queue(this.toSite, order.site).push(order.bytes);
    return this.pump();
  }

  start(handler: ReportHandler): Promise<void> {
    this.handler = handler;
    return this.pump();
  }

  setSites(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.work;
  }

  /** Delivers what lies there, one after the other; a handler that throws keeps its messages for the next time. */
  private pump(): Promise<void> {
    this.work = this.work.then(() => this.deliver()).catch(() => undefined);
    return Promise.resolve();
  }

  private async deliver(): Promise<void> {
    if (this.stopped) return;
    for (const [key, agent] of this.agents) {
      const queue = this.queue(this.toSite, key.split('/')[0]!);
      for (; agent.from < queue.length; agent.from++) await this.toAgent(agent.handlers, queue[agent.from]!);
    }
    for (const [site, queue] of this.fromSite) {
      if (!this.handler || queue.length === 0) continue;
      const messages = [...queue];
      const receipts = await this.handler(site, messages);
      queue.splice(0, messages.length);
      this.queue(this.toSite, site).push(...receipts.map(this.sealReceipt));
      void this.pump();
    }
  }

  private async toAgent(handlers: AgentHandlers, bytes: Buffer): Promise<void> {
    if (!isReceipt(bytes)) return handlers.orders([bytes]);
    const opened = openReceipt(bytes, this.serviceKeys);
    if (opened.ok) await handlers.receipt(opened.body);
  }

  private queue(queues: Map<string, Buffer[]>, site: string): Buffer[] {
    const queue = queues.get(site) ?? [];
    queues.set(site, queue);
    return queue;
  }
}
