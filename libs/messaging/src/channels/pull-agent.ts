import { setTimeout } from 'node:timers/promises';
import { sealPass } from '../passes/pass.js';
import { parseJson } from '../orders/order.js';
import { checkBody } from '../validate.js';
import { ReceiptBody } from '../receipts/receipt.js';
import type { KeyObject } from 'node:crypto';
import type { AgentChannel, AgentHandlers, OutgoingReport } from './channel.js';

/** One HTTP exchange; throws when the service cannot be reached. */
export interface HttpPort {
  request(method: 'GET' | 'POST', path: string, options: { headers?: Record<string, string>; body?: unknown; signal?: AbortSignal; timeoutMs: number }): Promise<{ status: number; body: Buffer }>;
}

export interface PullOptions {
  http: HttpPort;
  site: string;
  agent: string;
  key: KeyObject;
  keyId: string;
  now: () => string;
  /** Position of the last order that is durable; 0 to begin. */
  cursor: number;
  onTrouble: (what: string, error: unknown) => void;
  /** How long the service may hold a request for orders open, in seconds. */
  waitSeconds?: number;
}

const firstPauseMs = 200;
const longestPauseMs = 5_000;
/** Reports in one request, so that a request stays within what the door takes. */
const reportsPerRequest = 20;

class TooLarge extends Error {}

/** Pulls orders by long polling and posts reports: an agent that needs no open port and no broker. */
export class PullAgentChannel implements AgentChannel {
  private readonly stopping = new AbortController();
  private loop: Promise<void> = Promise.resolve();
  private cursor: number;
  private handlers: AgentHandlers | undefined;

  constructor(private readonly options: PullOptions) {
    this.cursor = options.cursor;
  }

  start(handlers: AgentHandlers): Promise<void> {
    this.handlers = handlers;
    this.loop = this.pull(handlers);
    return Promise.resolve();
  }

  async send(reports: readonly OutgoingReport[]): Promise<void> {
    for (let i = 0; i < reports.length; i += reportsPerRequest) await this.post(reports.slice(i, i + reportsPerRequest));
  }

  private async post(reports: readonly OutgoingReport[]): Promise<void> {
    const body = { reports: reports.map((one) => JSON.parse(one.bytes.toString('utf8')) as unknown) };
    try {
      const answer = await this.request('POST', `/v1/sites/${this.options.site}/reports`, { body, timeoutMs: 30_000 });
      const { receipts } = JSON.parse(answer.toString('utf8')) as { receipts: unknown[] };
      for (const one of receipts) {
        const receipt = checkBody(ReceiptBody, Buffer.from(JSON.stringify(one)));
        if (receipt.ok) await this.handlers?.receipt(receipt.value);
      }
    } catch (error) {
      if (!(error instanceof TooLarge)) throw error;
      // The door takes so much at once; a report that is too large alone goes nowhere, and the others go without it.
      if (reports.length === 1) return this.options.onTrouble('a report is too large to be sent', error);
      for (const report of reports) await this.post([report]);
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }

  private async pull(handlers: AgentHandlers): Promise<void> {
    const wait = this.options.waitSeconds ?? 25;
    for (let pauseMs = firstPauseMs; !this.stopping.signal.aborted; ) {
      try {
        const path = `/v1/sites/${this.options.site}/orders?after=${this.cursor}&wait=${wait}`;
        const asked = performance.now();
        const { orders, cursor } = ordersIn(await this.request('GET', path, { timeoutMs: (wait + 10) * 1000 }));
        if (orders.length > 0) await handlers.orders(orders.map((one) => Buffer.from(JSON.stringify(one))), cursor);
        this.cursor = cursor;
        pauseMs = firstPauseMs;
        // A door that does not hold requests open must not be knocked at without a pause.
        if (orders.length === 0 && performance.now() - asked < firstPauseMs) await this.rest(firstPauseMs);
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        this.options.onTrouble('orders could not be pulled', error);
        await this.rest(pauseMs);
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      }
    }
  }

  private async rest(ms: number): Promise<void> {
    await setTimeout(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }

  private async request(method: 'GET' | 'POST', path: string, options: { body?: unknown; timeoutMs: number }): Promise<Buffer> {
    const { http, site, agent, key, keyId, now } = this.options;
    const headers = { 'rollbook-agent': sealPass({ site, agent, at: now() }, key, keyId) };
    const answer = await http.request(method, path, { ...options, headers, signal: this.stopping.signal });
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    if (answer.status === 413) throw new TooLarge(`${method} ${path.split('?')[0]} carried too much`);
    throw new Error(`${method} ${path.split('?')[0]} was answered with ${answer.status}: ${answer.body.toString('utf8').slice(0, 300)}`);
  }
}

function ordersIn(answer: Buffer): { orders: unknown[]; cursor: number } {
  const { orders, cursor } = (parseJson(answer) ?? {}) as { orders?: unknown; cursor?: unknown };
  if (Array.isArray(orders) && Number.isSafeInteger(cursor) && Number(cursor) >= 0) return { orders, cursor: Number(cursor) };
  throw new Error(`the answer is no list of orders with a cursor: ${answer.toString('utf8').slice(0, 300)}`);
}
