import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KeyObject } from 'node:crypto';
import { openReport, sealOrder } from '#messaging';
import type { OpenedReport, OrderBody, ReportBody } from '#messaging';
import { keyIdOf, publicKeyPem, readPublicKey } from '#proof';
import { newSigner, orderBody } from './messages.js';

/** The service's side of the pull door, as bare as it can be: what an agent under attack talks to. */
export class PullService {
  readonly signer = newSigner('service');
  /** Every report that arrived and was signed well, in order, repeated ones too. */
  readonly arrived: OpenedReport[] = [];
  /** What becomes of a request with reports once they have arrived: a receipt, an error, or a connection that breaks. */
  answering: 'receipts' | 'errors' | 'breaks' = 'receipts';
  onReport: (body: ReportBody) => void = () => undefined;
  /** Release artifacts by path; serves whole ones, or a part and then silence. */
  readonly artifacts = new Map<string, { bytes: Buffer; whole: boolean }>();
  url = '';
  private readonly keys = new Map<string, KeyObject>();
  private readonly orders: { position: number; message: unknown }[] = [];
  private readonly waiting = new Set<() => void>();
  private server: Server | undefined;

  async open(): Promise<this> {
    this.server = createServer((request, response) => void this.serve(request, response).catch(() => response.destroy()));
    await new Promise<void>((resolve) => this.server!.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  /** Puts an order into the mailbox; returns its name. */
  order(over: Partial<OrderBody>, signer = this.signer): string {
    const position = this.orders.length + 1;
    const body = orderBody({ order: `r-1.n.${position}`, position, ...over });
    this.orders.push({ position, message: JSON.parse(sealOrder(body, signer.key, signer.keyId).toString()) });
    for (const wake of [...this.waiting]) wake();
    return body.order;
  }

  /** How an order ended; undefined while no report says so. Every repetition says the same. */
  endOf(order: string): { report: NonNullable<ReportBody['report']>; evidence: string; sequence: number } | undefined {
    const told = this.arrived.filter(({ body }) => body.kind === 'finished' && body.order === order);
    if (new Set(told.map(({ body }) => JSON.stringify(body))).size > 1) throw new Error(`${order} has ended in more than one way: ${JSON.stringify(told)}`);
    const [first] = told;
    return first && { report: first.body.report!, evidence: Buffer.concat(first.evidence).toString(), sequence: first.body.sequence };
  }

  isAccepted(order: string): boolean {
    return this.arrived.some(({ body }) => body.kind === 'accepted' && body.order === order);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url!, this.url);
    const json = (body: object) => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (pathname.endsWith('/agents')) {
      const { publicKey } = await bodyOf<{ publicKey: string }>(request);
      const key = readPublicKey(publicKey);
      this.keys.set(keyIdOf(key), key);
      return json({ servicePublicKey: publicKeyPem([...this.signer.keys.values()][0]!) });
    }
    if (pathname.endsWith('/orders')) return json(await this.ordersAfter(Number(searchParams.get('after')), response));
    if (pathname.endsWith('/reports')) return this.take(await bodyOf<{ reports: object[] }>(request), json, response);
    const artifact = this.artifacts.get(pathname.slice(1));
    if (!artifact) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-length': artifact.bytes.length });
    if (artifact.whole) response.end(artifact.bytes);
    else response.write(artifact.bytes.subarray(0, artifact.bytes.length / 2));
  }

  private async ordersAfter(after: number, response: ServerResponse): Promise<object> {
    const behind = () => this.orders.filter(({ position }) => position > after);
    if (behind().length === 0) {
      await new Promise<void>((resolve) => {
        this.waiting.add(resolve);
        response.once('close', resolve);
      });
    }
    this.waiting.clear();
    const orders = behind();
    return { orders: orders.map(({ message }) => message), cursor: orders.at(-1)?.position ?? after };
  }

  private take({ reports }: { reports: object[] }, json: (body: object) => void, response: ServerResponse): void {
    const receipts = [];
    for (const one of reports) {
      const opened = openReport(Buffer.from(JSON.stringify(one)), this.keys);
      if (!opened.ok) throw new Error(opened.problem);
      this.arrived.push(opened);
      this.onReport(opened.body);
      const { site, agent, incarnation, sequence } = opened.body;
      receipts.push({ site, agent, incarnation, taken: [sequence], refused: [] });
    }
    if (this.answering === 'receipts') json({ receipts });
    else if (this.answering === 'errors') response.writeHead(503).end();
    else response.destroy();
  }
}

async function bodyOf<T>(request: IncomingMessage): Promise<T> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as T;
}
