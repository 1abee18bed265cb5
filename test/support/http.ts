import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body as JSON; undefined when it is none. */
  body: never;
}

export interface Call {
  headers?: OutgoingHttpHeaders;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is; its content type is among the headers. */
  raw?: string | Buffer;
  ca?: string;
  signal?: AbortSignal;
}

const limitMs = 20_000;

/** One request on a connection of its own, with whatever headers a test wants to send. */
export async function call(url: string, method: string, path: string, options: Call = {}): Promise<Answer> {
  const answer = await open(url, method, path, options);
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return { status: answer.statusCode ?? 0, headers: answer.headers, text, body: parse(text) as never };
}

/** The answer as soon as its head is there. */
export function open(url: string, method: string, path: string, options: Call = {}): Promise<IncomingMessage> {
  const { headers = {}, body, raw, ca, signal } = options;
  const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const length = sent === undefined ? {} : { 'content-length': Buffer.byteLength(sent) };
  return new Promise((resolve, reject) => {
    const wanted = { method, agent: false, headers: { ...type, ...length, ...headers }, ...(ca ? { ca } : {}), ...(signal ? { signal } : {}) };
    // The path goes as it stands: a URL object would mend what a test wrote on purpose.
    const { protocol, hostname, port } = new URL(url);
    const made = (protocol === 'https:' ? httpsRequest : httpRequest)({ ...wanted, hostname, port, path }, resolve);
    made.setTimeout(limitMs, () => made.destroy(new Error(`${method} ${path} had no answer for ${limitMs} ms`)));
    made.once('error', reject);
    made.end(sent);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Waits until `look` gives something; throws with what was wanted when the limit passes. */
export async function until<T>(wanted: string, look: () => Promise<T | undefined | false> | T | undefined | false, forMs = 10_000): Promise<T> {
  const began = performance.now();
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() - began > forMs) throw new Error(`${wanted} did not come true in ${forMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}
