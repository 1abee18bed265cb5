import type { ReceiptBody } from '../receipts/receipt.js';

/** What an agent does with what reaches it. */
export interface AgentHandlers {
  /**
   * Orders as they came, not yet opened. MUST resolve only when they are durable: the channel then lets go of them.
   * `cursor` is where a pull continues after them; a broker keeps its own.
   */
  orders(messages: readonly Buffer[], cursor?: number): Promise<void>;
  receipt(receipt: ReceiptBody): Promise<void>;
}

export interface OutgoingReport {
  node: string;
  bytes: Buffer;
}

/** The agent's end. Orders come at least once; reports go at least once. */
export interface AgentChannel {
  start(handlers: AgentHandlers): Promise<void>;
  /**
   * Hands reports over. That it resolves does not yet mean that the service has them: only a receipt does, and without
   * one they MUST be sent again. One that is too large for the channel MUST NOT keep the others.
   */
  send(reports: readonly OutgoingReport[]): Promise<void>;
  stop(): Promise<void>;
}

export interface OutgoingOrder {
  site: string;
  node: string;
  /** Position in the ledger, by which a pull continues. */
  position: number;
  bytes: Buffer;
}

/** Takes reports of a site; throws when the channel is to deliver them again. */
export type ReportHandler = (site: string, messages: readonly Buffer[]) => Promise<ReceiptBody[]>;

/** The service's end for sending. Resolves when the orders are where agents will find them. */
export interface OrderSender {
  send(orders: readonly OutgoingOrder[]): Promise<void>;
}

/** The service's end for receiving, of channels that deliver by themselves. */
export interface ReportReceiver {
  start(handler: ReportHandler): Promise<void>;
  /** Sites appear while the service runs. */
  setSites(sites: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

/** What keys the service's end signs receipts with. */
export type SealReceipt = (receipt: ReceiptBody) => Buffer;
