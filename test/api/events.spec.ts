import { randomUUID } from 'node:crypto';
import { PostgresShelf } from '#ledger';
import { Feed } from '#projections';
import { systemClock } from '#platform';
import { open } from '../support/http.js';
import { event, item } from '../support/items.js';
import { TestService } from '../support/service.js';
import { Simulation } from '../support/simulation.js';
import { StreamReader } from '../support/streams.js';
import { until } from '../support/until.js';

let service: TestService;
let rollouts: string[];
const streams: StreamReader[] = [];

beforeAll(async () => {
  service = await TestService.open({ limits: { heartbeatMs: 150 } });
  const fleet = new Simulation({ bus: service.bus, book: service.book, reader: service.reader, clock: systemClock });
  await fleet.importCatalogue();
  for (const node of ['n-1', 'n-2']) await fleet.announce(node);
  rollouts = [await fleet.rollOut(['n-1']), await fleet.rollOut(['n-2'])];
});
afterEach(() => {
  for (const stream of streams.splice(0)) stream.leave();
});
afterAll(() => service.close());

async function follow(query: string, headers: { [name: string]: string } = {}): Promise<StreamReader> {
  const ndjson = /json/.test(headers['accept'] ?? '');
  const answer = await open(service.url, 'GET', `/v1/events${query}`, { headers });
  expect(answer.statusCode).toBe(200);
  const stream = new StreamReader(answer, ndjson ? '\n' : '\n\n');
  streams.push(stream);
  return stream;
}

/** What the ledger stores, as text. */
async function stored(after = 0): Promise<{ position: number; stream: string; type: string; text: string }[]> {
  const all = [];
  for (;;) {
    const page = await service.reader.read(all.at(-1)?.position ?? after, 500);
    if (page.length === 0) return all;
    all.push(...page.map(({ position, stream, type, bytes }) => ({ position, stream, type, text: bytes.toString('utf8') })));
  }
}

const register = (node: string) => service.post('/v1/nodes', { node, site: 'local', product: 'orchat' });

describe('server-sent events', () => {
  it('carry each event once, in order, with its position as id, its type, and the very bytes that are stored', async () => {
    const stream = await follow('');
    expect(stream.answer.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    for (const { position, type, text } of await stored()) expect(await stream.event()).toEqual({ id: position, event: type, data: text });
  });

  it('go on as the ledger grows', async () => {
    const head = await service.size();
    const stream = await follow(`?after=${head}`);
    await register('late-1');
    expect(await stream.event()).toMatchObject({ id: head + 1, event: 'node.registered' });
    await register('late-2');
    expect(await stream.event()).toMatchObject({ id: head + 2, data: expect.stringContaining('late-2') as string });
  });

  it('go on behind Last-Event-ID, also when the address still names where it first began', async () => {
    const first = await follow('?after=3');
    const last = (await first.event()).id;
    expect(last).toBe(4);
    first.leave();
    const again = await follow('?after=3', { 'last-event-id': String(last) });
    expect((await again.event()).id).toBe(last + 1);
  });

  it('show signs of life while nothing happens, which are no events', async () => {
    const stream = await follow(`?after=${await service.size()}`);
    expect([await stream.next(), await stream.next()]).toEqual([': still here', ': still here']);
  });

  it('end at the head when nobody wants to follow, and have none for HEAD', async () => {
    const size = await service.size();
    const stream = await follow(`?after=${size - 2}&follow=no`);
    expect([(await stream.event()).id, (await stream.event()).id, await stream.next()]).toEqual([size - 1, size, undefined]);
    expect(await (await follow(`?after=${size + 100}&follow=no`)).next()).toBeUndefined();
    expect(await service.call('HEAD', '/v1/events')).toMatchObject({ status: 200, text: '' });
  });
});

describe('newline-delimited JSON', () => {
  it.each(['application/x-ndjson', 'application/jsonl', 'text/html;q=0.5, application/json'])('is what Accept: %s gets: the stored bytes, a line each', async (accept) => {
    const stream = await follow('?follow=no', { accept });
    expect(stream.answer.headers['content-type']).toBe('application/x-ndjson');
    for (const { text } of await stored()) expect(await stream.next()).toBe(text);
    expect(await stream.next()).toBeUndefined();
  });

  it('has empty lines for signs of life', async () => {
    const head = await service.size();
    const stream = await follow(`?after=${head}`, { accept: 'application/x-ndjson' });
    expect(await stream.next()).toBe('');
    await register('late-3');
    const lines = new Set([await stream.next(), await stream.next(), await stream.next()]);
    lines.delete('');
    expect([...lines].map((line) => (JSON.parse(line!) as { _ledger: { position: number } })._ledger.position)).toEqual([head + 1]);
  });
});

it('filters by rollout: its own stream, and what happened at nodes for it', async () => {
  const mine = (text: string) => JSON.stringify(JSON.parse(text)).includes(`"rollout":"${rollouts[0]}"`);
  const wanted = (await stored()).filter(({ stream, text }) => stream === `rollout/${rollouts[0]}` || (stream.startsWith('node/') && mine(text)));
  expect(wanted.length).toBeGreaterThan(50);
  expect(new Set(wanted.map(({ stream }) => stream))).toEqual(new Set([`rollout/${rollouts[0]}`, 'node/n-1']));
  const answer = await service.get(`/v1/events?follow=no&rollout=${rollouts[0]}`, { accept: 'application/x-ndjson' });
  expect(answer.text).toBe(wanted.map(({ text }) => `${text}\n`).join(''));
  expect((await service.get('/v1/events?follow=no&rollout=r-nothing')).text).toBe('');
});

it('reads no further for a reader that does not, and loses nothing of it', async () => {
  const began = await service.size();
  const shelf = new PostgresShelf(service.workerPool);
  const large = 'x'.repeat(40_000);
  const count = 250;
  for (let i = 0; i < count; i += 50) {
    await shelf.append(Array.from({ length: 50 }, (_, k) => item(`load/${i + k}`, { command: randomUUID(), events: [event('load.laid', { large })] })));
  }
  const feed = service.app.get(Feed);
  const asked: number[] = [];
  const after = feed.after.bind(feed);
  feed.after = (position, limit) => (asked.push(position - began), after(position, limit));
  try {
    const slow = await follow(`?after=${began}`);
    expect((await slow.event()).id).toBe(began + 1);
    // Another reader of the same ledger is through with it before the slow one has read its first page.
    const fast = await service.get(`/v1/events?after=${began}&follow=no`);
    expect(fast.text.match(/^id: /gm)).toHaveLength(count);
    expect(asked.sort((a, b) => a - b)).toEqual([0, 0, 200]);
    for (let i = 2; i <= count; i += 1) expect((await slow.event()).id).toBe(began + i);
  } finally {
    feed.after = after;
  }
});

it('ends with the reader: nothing waits for one who has left', async () => {
  const feed = service.app.get(Feed);
  const head = await service.size();
  const left = await Promise.all(Array.from({ length: 5 }, () => follow(`?after=${head}`)));
  await until(() => feed['waiting'].size === 5, 5_000);
  for (const stream of left) stream.leave();
  const connections = () => new Promise<number>((resolve) => service.app.getHttpServer().getConnections((_: unknown, count: number) => resolve(count)));
  await until(async () => feed['waiting'].size === 0 && !feed['watching'] && (await connections()) === 0, 5_000);
  expect(service.logs.filter((line) => line.level === 'error')).toEqual([]);
});
