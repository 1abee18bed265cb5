import { setTimeout } from 'node:timers/promises';
import { openReceipt, isReceipt } from '../receipts/receipt.js';
import type { KeyObject } from 'node:crypto';
import type {
  AgentChannel, AgentHandlers, OrderSender, OutgoingOrder, OutgoingReport, ReportHandler, ReportReceiver, SealReceipt,
} from './channel.js';

/** A handler that threw is asked again after this time, in milliseconds. */
const againMs = 20;

/** One reader of a list: it is given what lies behind its place, and its place moves on when it has taken that. */
class Reader {
  from = 0;
  private work: Promise<void> = Promise.resolve();
  private ended = false;

  constructor(
    private readonly list: readonly Buffer[],
    private readonly take: (messages: readonly Buffer[]) => Promise<void>,
  ) {}

  wake(): void {
    this.work = this.work.then(() => this.deliver());
  }

  async end(): Promise<void> {
    this.ended = true;
    await this.work;
  }

  private async deliver(): Promise<void> {
    while (!this.ended && this.from < this.list.length) {
      const messages = this.list.slice(this.from);
      try {
        await this.take(messages);
        this.from += messages.length;
      } catch {
        await setTimeout(againMs);
      }
    }
  }
}

/** One process's stand-in for a broker: everything sent is kept and delivered until it is taken. For tests. */
export class MemoryChannel implements OrderSender, ReportReceiver {
  private readonly places = new Map<string, number>();
  private readonly agents = new Map<string, { site: string; reader: Reader }>();
  private readonly toSite = new Map<string, Buffer[]>();
  private readonly fromSite = new Map<string, Buffer[]>();
  private readonly takers = new Map<string, Reader>();
  private handler: ReportHandler | undefined;

  constructor(
    private readonly sealReceipt: SealReceipt,
    private readonly serviceKeys: ReadonlyMap<string, KeyObject>,
  ) {}

  /** The end of one agent of a site. Started again, it goes on behind what it took. */
  agent(site: string, agent: string): AgentChannel {
    const key = `${site}/${agent}`;
    const stop = async () => {
      const { reader } = this.agents.get(key) ?? {};
      this.agents.delete(key);
      await reader?.end();
      if (reader) this.places.set(key, reader.from);
    };
    return {
      start: async (handlers) => {
        await stop();
        const reader = new Reader(listOf(this.toSite, site), (messages) => this.toAgent(site, agent, handlers, messages));
        reader.from = this.places.get(key) ?? 0;
        this.agents.set(key, { site, reader });
        reader.wake();
      },
      send: (reports: readonly OutgoingReport[]) => {
        listOf(this.fromSite, site).push(...reports.map((report) => report.bytes));
        this.wakeTaker(site);
        return Promise.resolve();
      },
      stop,
    };
  }

  send(orders: readonly OutgoingOrder[]): Promise<void> {
    for (const { site, bytes } of orders) this.put(site, bytes);
    return Promise.resolve();
  }

  start(handler: ReportHandler): Promise<void> {
    this.handler = handler;
    for (const site of this.fromSite.keys()) this.wakeTaker(site);
    return Promise.resolve();
  }

  setSites(): Promise<void> {
    return Promise.resolve();
  }

  /** The service's end takes no more reports until it is started again; orders still go to agents. */
  async stop(): Promise<void> {
    this.handler = undefined;
    const takers = [...this.takers];
    this.takers.clear();
    for (const [site, taker] of takers) {
      await taker.end();
      listOf(this.fromSite, site).splice(0, taker.from);
    }
  }

  private put(site: string, bytes: Buffer): void {
    listOf(this.toSite, site).push(bytes);
    for (const one of this.agents.values()) if (one.site === site) one.reader.wake();
  }

  private wakeTaker(site: string): void {
    const { handler } = this;
    if (!handler) return;
    const taker = this.takers.get(site) ?? new Reader(listOf(this.fromSite, site), async (messages) => {
      for (const receipt of await handler(site, messages)) this.put(site, this.sealReceipt(receipt));
    });
    this.takers.set(site, taker);
    taker.wake();
  }

  private async toAgent(site: string, agent: string, handlers: AgentHandlers, messages: readonly Buffer[]): Promise<void> {
    await handlers.orders(messages.filter((bytes) => !isReceipt(bytes)));
    for (const bytes of messages.filter(isReceipt)) {
      const opened = openReceipt(bytes, this.serviceKeys);
      if (opened.ok && opened.body.site === site && opened.body.agent === agent) await handlers.receipt(opened.body);
    }
  }
}

function listOf(lists: Map<string, Buffer[]>, site: string): Buffer[] {
  const list = lists.get(site) ?? [];
  lists.set(site, list);
  return list;
}
