import type { KeyObject } from 'node:crypto';
import { isReceipt, openReceipt } from '../receipts/receipt.js';
import { ordersTopic, reportsTopic, siteOfReports } from './topics.js';
import type {
  AgentChannel, AgentHandlers, OrderSender, OutgoingOrder, OutgoingReport, ReportHandler, ReportReceiver, SealReceipt,
} from './channel.js';

/** A record as the broker's client takes it. */
export interface KafkaRecord {
  topic: string;
  key: string;
  value: Buffer;
}

export interface RecordSender {
  send(records: readonly KafkaRecord[]): Promise<unknown>;
}

export interface RecordReceiver {
  start(): Promise<void>;
  stop(): Promise<void>;
  replaceTopics(topics: readonly string[]): Promise<void>;
}

/** Makes a receiver of topics; the handler answers how many leading records of a batch are dealt with. */
export type MakeReceiver = (groupId: string, topics: readonly string[], onBatch: (records: readonly { topic: string; value: Buffer | null }[]) => Promise<number>) => RecordReceiver;

/** An agent on Kafka: a consumer group of its own on its site's orders, so that it sees all of them whatever others do. */
export class KafkaAgentChannel implements AgentChannel {
  private receiver: RecordReceiver | undefined;

  constructor(
    private readonly options: { site: string; agent: string; sender: RecordSender; makeReceiver: MakeReceiver; serviceKeys: ReadonlyMap<string, KeyObject>; onTrouble?: (what: string, error: unknown) => void },
  ) {}

  async start(handlers: AgentHandlers): Promise<void> {
    const { site, agent, makeReceiver, serviceKeys } = this.options;
    this.receiver = makeReceiver(`rollbook-agent-${site}-${agent}`, [ordersTopic(site)], async (records) => {
      const values = records.flatMap((record) => (record.value ? [record.value] : []));
      await handlers.orders(values.filter((value) => !isReceipt(value)));
      for (const value of values.filter(isReceipt)) {
        const opened = openReceipt(value, serviceKeys);
        // Receipts of other agents of the site come along; one that cannot be opened is nobody's.
        if (opened.ok && opened.body.site === site && opened.body.agent === agent) await handlers.receipt(opened.body);
      }
      return records.length;
    });
    await this.receiver.start();
  }

  async send(reports: readonly OutgoingReport[]): Promise<void> {
    const topic = reportsTopic(this.options.site);
    const records = reports.map(({ node, bytes }) => ({ topic, key: node, value: bytes }));
    const { sender, onTrouble } = this.options;
    try {
      await sender.send(records);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      // Too large for any broker, and so nothing was sent: the others go without it.
      if (records.length === 1) return onTrouble?.('a report is too large to be sent', error);
      for (const report of reports) await this.send([report]);
    }
  }

  async stop(): Promise<void> {
    await this.receiver?.stop();
  }
}

export class KafkaOrderSender implements OrderSender {
  constructor(private readonly sender: RecordSender) {}

  async send(orders: readonly OutgoingOrder[]): Promise<void> {
    await this.sender.send(orders.map(({ site, node, bytes }) => ({ topic: ordersTopic(site), key: node, value: bytes })));
  }
}

/** The service's end of all sites' reports: one consumer group, receipts back on the orders topic. */
export class KafkaReportReceiver implements ReportReceiver {
  private receiver: RecordReceiver | undefined;
  private sites: readonly string[] = [];
  private handler: ReportHandler | undefined;

  constructor(private readonly options: { sender: RecordSender; makeReceiver: MakeReceiver; sealReceipt: SealReceipt }) {}

  async start(handler: ReportHandler): Promise<void> {
    this.handler = handler;
    await this.open();
  }

  async setSites(sites: readonly string[]): Promise<void> {
    if (sites.join() === this.sites.join()) return;
    const before = this.sites;
    this.sites = sites;
    try {
      if (sites.length === 0) await this.close();
      else if (this.receiver) await this.receiver.replaceTopics(sites.map(reportsTopic));
      else await this.open();
    } catch (error) {
      // Asked for again, it is tried again.
      this.sites = before;
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.handler = undefined;
    await this.close();
  }

  private async close(): Promise<void> {
    const { receiver } = this;
    this.receiver = undefined;
    await receiver?.stop();
  }

  private async open(): Promise<void> {
    const { handler, sites } = this;
    if (!handler || sites.length === 0) return;
    const receiver = this.options.makeReceiver('rollbook-receiver', sites.map(reportsTopic), (records) => this.take(handler, records));
    this.receiver = receiver;
    try {
      await receiver.start();
    } catch (error) {
      if (this.receiver === receiver) this.receiver = undefined;
      throw error;
    }
  }

  private async take(handler: ReportHandler, records: readonly { topic: string; value: Buffer | null }[]): Promise<number> {
    const bySite = new Map<string, Buffer[]>();
    for (const { topic, value } of records) {
      const site = siteOfReports(topic);
      bySite.set(site, [...(bySite.get(site) ?? []), value ?? Buffer.alloc(0)]);
    }
    for (const [site, messages] of bySite) {
      const receipts = await handler(site, messages);
      const records = receipts.map((receipt) => ({ topic: ordersTopic(site), key: receipt.agent, value: this.options.sealReceipt(receipt) }));
      if (records.length > 0) await this.options.sender.send(records);
    }
    return records.length;
  }
}
