import type { Gate, GateSample } from '#domain';
import { HttpClient, causeChain } from '#platform';
import type { HttpAnswer } from '#platform';

/** How long an answer may take, in milliseconds, and how large it may be. */
const limitMs = 10_000;
const answerBytesMax = 256 * 1024;
const textMax = 300;
/** Values on record of one answer. */
const valuesMax = 50;

export interface OutsideOptions {
  caFile?: string | undefined;
  allowHttp: boolean;
  signal: AbortSignal;
}

/** What a webhook is told of the rollout that asks. */
export interface Occasion {
  rollout: string;
  product: string;
  to: string;
  digest: string;
  wave: number;
  round: number;
  sample: number;
}

type PrometheusSample = Extract<GateSample, { gate: 'prometheus' }>;
type WebhookSample = Extract<GateSample, { gate: 'webhook' }>;

/** Asks Prometheus once. Whatever goes wrong is what was found. */
export async function askPrometheus({ url, query }: Extract<Gate, { gate: 'prometheus' }>, options: OutsideOptions): Promise<PrometheusSample> {
  const found = (outcome: PrometheusSample['outcome'], says: string | null, values: number[] = [], series = 0): PrometheusSample => ({ gate: 'prometheus', outcome, values: values.slice(0, valuesMax), series, says });
  try {
    const { status, body } = await request(url, 'GET', `api/v1/query?query=${encodeURIComponent(query)}`, undefined, options);
    const answer = JSON.parse(body.toString('utf8')) as { status?: unknown; error?: unknown; data?: Result };
    if (status !== 200 || answer.status !== 'success') return found('unreadable', `${status} ${typeof answer.error === 'string' ? clip(answer.error) : ''}`.trim());
    const samples = samplesOf(answer.data);
    if (!samples) return found('unreadable', `a result of type ${clip(String(answer.data?.resultType))}`);
    if (samples.length === 0) return found('empty', null);
    const values = samples.map(Number);
    if (values.some((value) => !Number.isFinite(value))) return found('not-a-number', clip(samples.join(', ')), [], samples.length);
    // The values furthest out are the ones that decide; those in between may be left out.
    const kept = values.length <= valuesMax ? values : [...values].sort((a, b) => a - b).filter((_, i, all) => i < valuesMax / 2 || i >= all.length - valuesMax / 2);
    return found('values', null, kept, values.length);
  } catch (error) {
    return found(error instanceof SyntaxError ? 'unreadable' : 'unreachable', clip(causeChain(error)));
  }
}

interface Result {
  resultType?: string;
  result?: unknown;
}

/** Values as Prometheus writes them; undefined for a result that has none for one instant. */
function samplesOf(data: Result | undefined): string[] | undefined {
  const { resultType, result } = data ?? {};
  const valueOf = (pair: unknown) => (Array.isArray(pair) && typeof pair[1] === 'string' && pair[1] !== '' ? pair[1] : 'NaN');
  if (resultType === 'scalar') return [valueOf(result)];
  if (resultType !== 'vector' || !Array.isArray(result)) return undefined;
  return result.map((series) => valueOf((series as { value?: unknown } | null)?.value));
}

/** Asks a webhook once: it must answer in words, `{"verdict": "promote" | "hold" | "rollback"}`. */
export async function askWebhook({ url }: Extract<Gate, { gate: 'webhook' }>, occasion: Occasion, options: OutsideOptions): Promise<WebhookSample> {
  const found = (outcome: WebhookSample['outcome'], status: number | null, says: string | null, verdict: string | null = null): WebhookSample => ({ gate: 'webhook', outcome, verdict, status, says });
  let answer: HttpAnswer;
  try {
    answer = await request(url, 'POST', '', occasion, options);
  } catch (error) {
    return found('unreachable', null, clip(causeChain(error)));
  }
  const { status, body } = answer;
  if (status < 200 || status > 299) return found('unreadable', status, `it answered ${status}`);
  try {
    const { verdict, reason } = JSON.parse(body.toString('utf8')) as { verdict?: unknown; reason?: unknown };
    if (verdict !== 'promote' && verdict !== 'hold' && verdict !== 'rollback') return found('unreadable', status, 'its answer has no verdict');
    return found('answered', status, typeof reason === 'string' ? clip(reason) : null, verdict);
  } catch {
    return found('unreadable', status, 'its answer is no JSON');
  }
}

async function request(url: string, method: string, path: string, body: unknown, { caFile, allowHttp, signal }: OutsideOptions): Promise<HttpAnswer> {
  const base = path === '' ? url : `${url.replace(/\/+$/, '')}/${path}`;
  const { pathname, search } = new URL(base);
  const client = new HttpClient({ url: new URL(base).origin, caFile, allowHttp, answerBytesMax });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  try {
    return await client.request(method, `${pathname}${search}`, { timeoutMs: limitMs, signal: limit, ...(body === undefined ? {} : { body }) });
  } finally {
    client.close();
  }
}

function clip(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd').slice(0, textMax);
}
