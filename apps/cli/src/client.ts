import type { IncomingMessage } from 'node:http';
import { newId } from '#platform';
import type { HttpClient } from '#platform';
import { refused, unreachable, usage } from './exit.js';

const timeoutMs = 30_000;

/** Page of a list, as the API gives it. */
interface PageOf<T> {
  items: T[];
  next: string | null;
  position: number;
  incompleteSince: number | null;
}

interface Problem {
  code?: string;
  detail?: string;
  next?: string;
  status?: number;
}

/** The API as commands use it: problems become exits with one line, and what to do next. */
export class ApiClient {
  constructor(
    private readonly http: HttpClient,
    private readonly url: string,
    private readonly token: string | undefined,
  ) {}

  async get<T>(path: string, position?: number): Promise<T> {
    return (await this.call('GET', path, position === undefined ? {} : { headers: { 'rollbook-position': String(position) } })).body as T;
  }

  /** What is no JSON, as the evidence that a step left. */
  async bytes(path: string): Promise<Buffer> {
    return (await this.call('GET', path, {})).bytes;
  }

  /** All parts of a list. */
  async list<T>(path: string, onIncomplete: (since: number) => void = () => undefined): Promise<T[]> {
    const items: T[] = [];
    const joint = path.includes('?') ? '&' : '?';
    for (let cursor = ''; ; ) {
      const page = await this.get<PageOf<T>>(`${path}${joint}limit=500${cursor === '' ? '' : `&cursor=${cursor}`}`);
      items.push(...page.items);
      if (page.incompleteSince !== null) onIncomplete(page.incompleteSince);
      if (page.next === null) return items;
      cursor = page.next;
    }
  }

  async post<T>(path: string, body: object, options: { key?: string; ifMatch?: string } = {}): Promise<T> {
    const headers: Record<string, string> = { 'idempotency-key': options.key ?? newId() };
    if (options.ifMatch !== undefined) headers['if-match'] = options.ifMatch;
    return (await this.call('POST', path, { headers, body })).body as T;
  }

  /** The ledger's events of a rollout as they come, one envelope each. */
  async *events(after: number, rollout: string, signal: AbortSignal): AsyncGenerator<{ _ledger: { position: number } }> {
    const answer = await this.open(`/v1/events?after=${after}&rollout=${encodeURIComponent(rollout)}`, signal);
    let rest = '';
    for await (const chunk of answer) {
      const lines = (rest + (chunk as Buffer).toString('utf8')).split('\n');
      rest = lines.pop()!;
      for (const line of lines) if (line !== '') yield JSON.parse(line) as { _ledger: { position: number } };
    }
  }

  private async open(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    try {
      return await this.http.open('GET', path, { headers: this.headers({ accept: 'application/x-ndjson' }), signal, timeoutMs: 60_000 });
    } catch (error) {
      throw this.away(error);
    }
  }

  private async call(method: string, path: string, options: { headers?: Record<string, string>; body?: object }): Promise<{ body: unknown; bytes: Buffer }> {
    const answer = await this.http.request(method, path, { ...options, headers: this.headers(options.headers), timeoutMs }).catch((error: unknown) => {
      throw this.away(error);
    });
    const body = parse(answer.body);
    if (answer.status < 400) return { body, bytes: answer.body };
    throw problemExit(answer.status, (body ?? {}));
  }

  private headers(more: Record<string, string> = {}): Record<string, string> {
    return this.token === undefined ? more : { ...more, authorization: `Bearer ${this.token}` };
  }

  private away(error: unknown): Error {
    const why = error instanceof AggregateError ? String((error.errors[0] as Error).message) : error instanceof Error ? error.message : String(error);
    return unreachable(`Rollbook does not answer at ${this.url} (${why}). Start it with \`npm start\`, or set ROLLBOOK_URL.`);
  }
}

function problemExit(status: number, { code = 'unknown', detail = `the service answered ${status}`, next = '' }: Problem): Error {
  const line = `${code}: ${detail}${/[.!?]$/.test(detail) ? '' : '.'} ${next}`.trimEnd();
  if (status >= 500) return unreachable(line);
  if (status === 400) return usage(line);
  return refused(line, { code, detail, next, status });
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
