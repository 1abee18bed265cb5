import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { ManualClock, newId, openPool, silentLogger, systemClock } from '#platform';
import { SampleGate } from '#commands';
import { takeLease } from '#projections';
import type { Pool } from 'pg';
import { gates } from '../../apps/worker/src/gates/gates.js';
import { expectProblem } from '../support/problems.js';
import { TestService } from '../support/service.js';
import { Simulation } from '../support/simulation.js';
import { until } from '../support/until.js';

let service: TestService;
let fleet: Simulation;
let pool: Pool;
let server: Server;
let url: string;
/** What the server answers next, and what it was asked. */
let answer: { status?: number; body: unknown; silent?: boolean };
const asked: { path: string; body: string }[] = [];

beforeAll(async () => {
  service = await TestService.open();
  pool = await openPool({ url: service.database.worker, name: 'test gates', max: 4, logger: silentLogger });
  fleet = new Simulation({ bus: service.bus, book: service.book, reader: service.reader, clock: systemClock });
  await fleet.importCatalogue();
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      asked.push({ path: request.url!, body: Buffer.concat(chunks).toString() });
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' }).end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await pool.end();
  await service.close();
});

let count = 0;
type Status = { state: string; reason: string | null; waves: { nodes: number; state: string }[]; tally: { [state: string]: number }; generation: number };
type GateView = { state: string; verdict: string; reason: string; says: string; samples: number; found: object[] };

/** A rollout of three nodes at the gates behind its first wave of one. */
async function atGates(gate: object, strategy: object = {}): Promise<string> {
  const nodes = [1, 2, 3].map((i) => `g-${count}-${i}`);
  count += 1;
  for (const node of nodes) await fleet.announce(node);
  await settle();
  const planned = await service.post('/v1/rollouts', { product: 'orchat', to: 'v0.7.0', nodes: nodes.join(','), strategy: { waves: [{ size: 1 }], gates: [gate], ...strategy } });
  expect([planned.status, planned.text]).toEqual([201, expect.any(String)]);
  const { rollout } = planned.body as { rollout: string };
  await service.post(`/v1/rollouts/${rollout}/start`);
  await settle();
  expect(await statusOf(rollout)).toMatchObject({ waves: [{ nodes: 1, state: 'at-gates' }, { nodes: 2, state: 'waiting' }] });
  return rollout;
}

async function settle(): Promise<void> {
  await fleet.run();
  await service.project();
}

const statusOf = async (rollout: string) => (await service.get(`/v1/rollouts/${rollout}`)).body as Status;
const gatesOf = async (rollout: string) => ((await service.get(`/v1/rollouts/${rollout}/gates`)).body as { items: GateView[] }).items;

/** Lets a follower of its own ask, at its own time, until the rollout's gate is done with. */
async function ask(rollout: string, clock = new ManualClock(systemClock.millis())): Promise<GateView> {
  const follower = gates({ pool, reader: service.reader, book: service.book, bus: service.bus, clock, logger: silentLogger, outside: { allowHttp: false } });
  const lease = await takeLease(pool, 'gates', newId(), 0);
  await until(async () => {
    await follower.step(lease!);
    clock.advance(300);
    await settle();
    const [gate] = await gatesOf(rollout);
    return gate !== undefined && gate.state !== 'open';
  }, 20_000, async () => JSON.stringify(await gatesOf(rollout)));
  await follower.stop!();
  await settle();
  const [gate] = await gatesOf(rollout);
  return gate!;
}

const prometheus = (more: object = {}) => ({ gate: 'prometheus', url, query: 'sum(rate(orchat_errors_total[5m]))', threshold: '< 5', everySeconds: 1, withinSeconds: 2, ...more });
const vector = (...values: string[]) => ({ body: { status: 'success', data: { resultType: 'vector', result: values.map((value) => ({ metric: {}, value: [1, value] })) } } });

it('asks Prometheus, and the next wave begins when each of its values is within the threshold', async () => {
  answer = vector('0.5', '4');
  const rollout = await atGates(prometheus());
  expect(await ask(rollout)).toMatchObject({ state: 'passed', verdict: 'promote', found: [{ gate: 'prometheus', outcome: 'values', values: [0.5, 4] }] });
  expect(asked.at(-1)!.path).toBe('/api/v1/query?query=sum(rate(orchat_errors_total%5B5m%5D))');
  expect(await statusOf(rollout)).toMatchObject({ state: 'running', waves: [{ state: 'passed' }, { state: 'at-gates' }] });
});

it.each([
  ['no series', vector(), 'no-data'],
  ['a value that is no number', vector('NaN'), 'not-a-number'],
  ['an error', { status: 400, body: { status: 'error', error: 'parse error' } }, 'unreadable'],
  ['something that is no JSON', { body: '<html>' }, 'unreadable'],
  ['far too much', { body: JSON.stringify({ status: 'success', data: 'x'.repeat(300 * 1024) }) }, 'unreachable'],
])('holds at its deadline when Prometheus answers with %s, and a person lets it pass', async (_, said, reason) => {
  answer = said;
  const rollout = await atGates(prometheus());
  expect(await ask(rollout)).toMatchObject({ state: 'held', verdict: 'insufficient', reason });
  expect(await statusOf(rollout)).toMatchObject({ state: 'paused', reason: expect.stringContaining('held at a gate') as string });
  const approved = await service.post(`/v1/rollouts/${rollout}/approve-gate`, { reason: 'looked myself' });
  expect(approved.status).toBe(202);
  await settle();
  expect(await statusOf(rollout)).toMatchObject({ waves: [{ state: 'passed' }, { state: 'at-gates' }] });
  expect((await gatesOf(rollout))[0]).toMatchObject({ state: 'passed', verdict: 'insufficient', reason: 'decided: looked myself', decidedBy: expect.stringMatching(/^person:/) as string });
});

it('holds where nobody listens, and where a threshold cannot be read', async () => {
  const nobody = await atGates(prometheus({ url: 'http://127.0.0.1:1' }));
  expect(await ask(nobody)).toMatchObject({ state: 'held', reason: 'unreachable' });
  answer = vector('1');
  const riddle = await atGates(prometheus({ threshold: 'low' }));
  expect(await ask(riddle)).toMatchObject({ state: 'held', verdict: 'hold', reason: 'threshold-unreadable' });
  const rejected = await service.post(`/v1/rollouts/${riddle}/reject-gate`, { reason: 'no' });
  expect(rejected.status).toBe(202);
  await settle();
  expect(await statusOf(riddle)).toMatchObject({ state: 'rolled-back', tally: { 'rolled-back': 1, waiting: 2 } });
});

it('asks a webhook in words, and goes back when it says so', async () => {
  answer = { body: { verdict: 'rollback', reason: 'checkout is slow' } };
  const rollout = await atGates({ gate: 'webhook', url: `${url}/hook?for=us`, everySeconds: 1 });
  expect(await ask(rollout)).toMatchObject({ state: 'rolled-back', verdict: 'rollback', says: 'The webhook asks to go back: checkout is slow.' });
  const { path, body } = asked.at(-1)!;
  expect(path).toBe('/hook?for=us');
  expect(JSON.parse(body)).toMatchObject({ rollout, product: 'orchat', to: 'v0.7.0', wave: 1, round: 1, sample: 1 });
  expect(await statusOf(rollout)).toMatchObject({ state: 'rolled-back' });
});

it('two workers that ask at the same time have one sample on record, and one verdict', async () => {
  const rollout = await atGates(prometheus());
  const of = { rollout, wave: 1, round: 1, gate: 0, sample: 1 };
  const command = newId();
  const found = (value: number) => ({ gate: 'prometheus' as const, outcome: 'values' as const, values: [value], series: 1, says: null });
  const say = (value: number, id: string) => service.bus.execute(new SampleGate({ command: id, actor: { kind: 'service', ref: 'gates' } }, of, found(value)));
  const outcomes = await Promise.all([say(1, command), say(99, command), say(99, newId())]);
  expect(outcomes.filter((one) => one.ok && one.events.length > 0)).toHaveLength(1);
  await service.project();
  expect((await gatesOf(rollout))[0]).toMatchObject({ samples: 1 });
});

it('amends a plan for the nodes that wait, and takes a part of a finished rollout back', async () => {
  const rollout = await atGates({ gate: 'manual', after: 1 });
  const { items } = (await service.get(`/v1/rollouts/${rollout}/nodes?state=waiting`)).body as { items: { node: string }[] };
  expect(items.map(({ node }) => node)).toHaveLength(2);
  await expectProblem(service, service.post(`/v1/rollouts/${rollout}/amend`, { reason: 'x', nodes: 'nobody-1' }), 422, 'node-not-waiting');
  const amended = await service.post(`/v1/rollouts/${rollout}/amend`, { reason: 'only one more', nodes: items[0]!.node, strategy: { gates: [], maxUnavailable: 2 } });
  expect([amended.status, amended.body]).toEqual([202, expect.objectContaining({ generation: 2, written: true })]);
  await settle();
  expect(await statusOf(rollout)).toMatchObject({ state: 'succeeded', generation: 2, tally: { upgraded: 2, skipped: 1, waiting: 0 } });
  await expectProblem(service, service.post(`/v1/rollouts/${rollout}/rollback`, { reason: 'x', wave: 9 }), 422, 'wave-unknown');
  expect((await service.post(`/v1/rollouts/${rollout}/rollback`, { reason: 'just this one', nodes: items[0]!.node })).status).toBe(202);
  await settle();
  expect(await statusOf(rollout)).toMatchObject({ state: 'partial', tally: { upgraded: 1, 'rolled-back': 1 } });
});
