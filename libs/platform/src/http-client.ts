import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';

export interface HttpAnswer {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

export interface HttpRequest {
  headers?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  signal?: AbortSignal;
  timeoutMs: number;
}

export interface HttpClientOptions {
  /** Address in front of all paths. */
  url: string;
  /** PEM file of the authority that signed the server. */
  caFile?: string | undefined;
  /** Lets plain HTTP go beyond this machine. */
  allowHttp?: boolean;
  /** Of an answer that is read as a whole. */
  answerBytesMax?: number;
}

export class UnsafeAddress extends Error {}

const answerBytesDefault = 64 * 1024 * 1024;

/** A small HTTP client over connections that are kept. Throws when the server cannot be reached; any answer is an answer. */
export class HttpClient {
  private readonly base: URL;
  private readonly agent: HttpAgent | HttpsAgent;
  private readonly answerBytesMax: number;

  constructor({ url, caFile, allowHttp = false, answerBytesMax = answerBytesDefault }: HttpClientOptions) {
    this.answerBytesMax = answerBytesMax;
    this.base = new URL(url);
    const secure = this.base.protocol === 'https:';
    if (!secure && !allowHttp && !isLoopback(this.base.hostname)) {
      throw new UnsafeAddress(`${this.base.origin} is plain HTTP beyond this machine: use https://, or allow it with ROLLBOOK_ALLOW_HTTP=yes`);
    }
    const ca = caFile === undefined ? {} : { ca: readFileSync(caFile) };
    this.agent = secure ? new HttpsAgent({ keepAlive: true, ...ca }) : new HttpAgent({ keepAlive: true });
  }

  async request(method: string, path: string, options: HttpRequest): Promise<HttpAnswer> {
    const answer = await this.open(method, path, options);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of answer) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > this.answerBytesMax) throw new Error(`${method} ${path} was answered with more than ${this.answerBytesMax} bytes`);
    }
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) };
  }

  /** The answer as a stream, once its head is there. The time-out is for silence, not for the whole. */
  open(method: string, path: string, { headers = {}, body, signal, timeoutMs }: HttpRequest): Promise<IncomingMessage> {
    const secure = this.base.protocol === 'https:';
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const sent = payload ? { 'content-type': 'application/json', 'content-length': String(payload.length), ...headers } : headers;
    return new Promise((resolve, reject) => {
      const call = (secure ? httpsRequest : httpRequest)(this.addressOf(path), { method, headers: sent, agent: this.agent, ...(signal ? { signal } : {}) });
      let answer: IncomingMessage | undefined;
      // Whoever reads the answer is to be told why it ends, and only the answer can tell them.
      call.setTimeout(timeoutMs, () => (answer ?? call).destroy(new Error(`${method} ${path} had no answer for ${timeoutMs} ms`)));
      // Also behind the first: what breaks once the head is there is for whoever reads the answer.
      call.on('error', reject);
      call.once('response', (head) => resolve((answer = head)));
      call.end(payload);
    });
  }

  /** Always on the server of the base, and behind the base's own path, whatever the path looks like. */
  private addressOf(path: string): URL {
    const address = new URL(this.base);
    const [, pathname = '', search = ''] = /^([^?]*)(\?.*)?$/s.exec(path) ?? [];
    address.pathname = `${this.base.pathname.replace(/\/$/, '')}${pathname}`;
    address.search = search;
    return address;
  }

  close(): void {
    this.agent.destroy();
  }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
