import { incarnation, newSigner } from '../../../../test/support/messages.js';
import { openPass } from '../passes/pass.js';
import { PullAgentChannel } from './pull-agent.js';
import type { HttpPort } from './pull-agent.js';

type Request = { method: string; path: string; body: unknown; pass: string; ms: number };
type Answer = { status?: number; body: unknown };

const agent = newSigner('agent-1');
const now = '2026-01-16T09:00:00.000Z';
let stop: () => Promise<void> = () => Promise.resolve();
afterEach(() => stop());

/** A channel over a door that answers each request in turn as told, and then holds them open until the channel stops. */
function channelOver(answers: (Answer | Error)[], posts: Answer[] = []) {
  const requests: Request[] = [];
  const troubles: string[] = [];
  const orders: { messages: string[]; cursor: number | undefined }[] = [];
  let failing = 0;
  const http: HttpPort = {
    request(method, path, { headers = {}, body, signal }) {
      requests.push({ method, path, body, pass: headers['rollbook-agent'] ?? '', ms: performance.now() });
      const answer = (method === 'GET' ? answers : posts).shift();
      if (answer instanceof Error) return Promise.reject(answer);
      if (answer) return Promise.resolve({ status: answer.status ?? 200, body: Buffer.from(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body)) });
      return new Promise((_, reject) => signal!.addEventListener('abort', () => reject(new Error('stopped'))));
    },
  };
  const channel = new PullAgentChannel({
    http, site: 'north', agent: 'agent-1', key: agent.key, keyId: agent.keyId, now: () => now, cursor: 3, onTrouble: (_, error) => troubles.push((error as Error).message),
  });
  const receipts: number[][] = [];
  const start = () => channel.start({
    orders: (messages, cursor) => {
      if (failing-- > 0) return Promise.reject(new Error('the disk is full'));
      orders.push({ messages: messages.map(String), cursor });
      return Promise.resolve();
    },
    receipt: ({ taken }) => Promise.resolve(void receipts.push(taken)),
  });
  stop = () => channel.stop();
  const asked = async (count: number) => {
    while (requests.length < count) await new Promise(setImmediate);
    return requests.map((one) => one.path.replace('/v1/sites/north', ''));
  };
  return { channel, requests, troubles, orders, receipts, start, asked, fail: (times: number) => (failing = times) };
}

it('asks behind what is durable, with a pass of its own', async () => {
  const { requests, orders, start, asked } = channelOver([{ body: { orders: [{ a: 1 }, { b: 2 }], cursor: 9 } }]);
  await start();
  expect(await asked(2)).toEqual(['/orders?after=3&wait=25', '/orders?after=9&wait=25']);
  expect(orders).toEqual([{ messages: ['{"a":1}', '{"b":2}'], cursor: 9 }]);
  expect(openPass(requests[0]!.pass, 'north', [agent.known], Date.parse(now))).toBe('agent-1');
});

it('asks for the same again while they could not be made durable', async () => {
  const answer = { body: { orders: [{ a: 1 }], cursor: 9 } };
  const { orders, troubles, start, asked, fail } = channelOver([answer, answer]);
  fail(1);
  await start();
  expect(await asked(3)).toEqual(['/orders?after=3&wait=25', '/orders?after=3&wait=25', '/orders?after=9&wait=25']);
  expect(troubles).toEqual(['the disk is full']);
  expect(orders).toHaveLength(1);
});

it.each([
  ['no JSON', 'oops'], ['nothing', ''], ['null', 'null'], ['no orders', { cursor: 9 }], ['orders that are no list', { orders: {}, cursor: 9 }],
  ['no cursor', { orders: [] }], ['a cursor that is text', { orders: [], cursor: '9' }], ['a cursor below 0', { orders: [], cursor: -1 }], ['half a cursor', { orders: [], cursor: 1.5 }],
])('stays where it is when the answer holds %s', async (_, body) => {
  const { troubles, start, asked, orders } = channelOver([{ body }]);
  await start();
  expect(await asked(2)).toEqual(['/orders?after=3&wait=25', '/orders?after=3&wait=25']);
  expect(troubles).toEqual([expect.stringContaining('no list of orders with a cursor')]);
  expect(orders).toEqual([]);
});

it('goes on after a door that was shut, refused, or away', async () => {
  const { troubles, start, asked } = channelOver([new Error('ECONNREFUSED'), { status: 401, body: { title: 'no' } }, { body: { orders: [{}], cursor: 4 } }]);
  await start();
  expect((await asked(4)).at(-1)).toBe('/orders?after=4&wait=25');
  expect(troubles).toEqual(['ECONNREFUSED', 'GET /v1/sites/north/orders was answered with 401: {"title":"no"}']);
});

it('does not knock without a pause at a door that holds nothing open', async () => {
  const { requests, start, asked } = channelOver(Array.from({ length: 3 }, () => ({ body: { orders: [], cursor: 3 } })));
  await start();
  await asked(4);
  expect(requests[3]!.ms - requests[0]!.ms).toBeGreaterThan(400);
});

it('posts reports in parts that a request can hold, and takes the receipts', async () => {
  const whole = { site: 'north', agent: 'agent-1', incarnation, refused: [] };
  const { channel, requests, receipts, start } = channelOver([], [
    { body: { receipts: [{ ...whole, taken: [1, 2] }, { rubbish: 1 }, null] } }, { body: { receipts: [] } }, { body: { receipts: [{ ...whole, taken: [41] }] } },
  ]);
  await start();
  await channel.send(Array.from({ length: 41 }, (_, i) => ({ node: 'n-1', bytes: Buffer.from(JSON.stringify({ i })) })));
  const posted = requests.slice(1).map(({ method, path, body }) => [method, path, (body as { reports: object[] }).reports.length]);
  expect(posted).toEqual([['POST', '/v1/sites/north/reports', 20], ['POST', '/v1/sites/north/reports', 20], ['POST', '/v1/sites/north/reports', 1]]);
  expect((requests[2]!.body as { reports: object[] }).reports[0]).toEqual({ i: 20 });
  expect(receipts).toEqual([[1, 2], [41]]);
});

it('says that reports were not taken when the door does not say that they were', async () => {
  for (const answer of [{ status: 503, body: {} }, { body: 'oops' }, { body: {} }]) {
    const { channel, start } = channelOver([], [answer]);
    await start();
    await expect(channel.send([{ node: 'n-1', bytes: Buffer.from('{}') }])).rejects.toThrow();
    await channel.stop();
  }
});

it('ends at once, in the middle of a request and of a pause', async () => {
  for (const failures of [0, 3]) {
    const { channel, start, asked } = channelOver(Array.from({ length: failures }, () => new Error('away')));
    await start();
    await asked(Math.max(1, failures));
    const begun = performance.now();
    await channel.stop();
    // The third pause alone would last longer.
    expect(performance.now() - begun).toBeLessThan(700);
  }
});
