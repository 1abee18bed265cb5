import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId, systemClock } from '#platform';
import { makeKettle } from '../passages/kettle.js';
import type { Answer } from '../support/http.js';
import { expectProblem } from '../support/problems.js';
import { TestService } from '../support/service.js';
import { Simulation } from '../support/simulation.js';

type Fields = { [field: string]: unknown };

const folder = mkdtempSync(join(tmpdir(), 'rollbook-reviews-'));
let service: TestService;
let fleet: Simulation;

beforeAll(async () => {
  service = await TestService.open();
  fleet = new Simulation({ bus: service.bus, book: service.book, reader: service.reader, clock: systemClock });
  await fleet.importCatalogue(join(makeKettle(folder).catalog, 'kettle'));
  for (const node of ['k-1', 'k-2', 'k-3']) await fleet.announce(node, 'v1', {}, 'kettle');
  await fleet.announce('k-9', 'v3', {}, 'kettle');
  await settle();
});
afterAll(async () => {
  await service.close();
  rmSync(folder, { recursive: true, force: true });
});

async function settle(): Promise<void> {
  await fleet.run();
  await service.project();
}

const read = async (path: string) => (await service.get(path)).body as Fields;
const items = async (path: string) => (await read(path))['items'] as Fields[];
const decide = (node: string, order: string, body: object, headers = {}): Promise<Answer> => service.post(`/v1/nodes/${node}/reviews/${order}`, body, headers);
const begin = (node: string, body: object, headers = {}): Promise<Answer> => service.post(`/v1/nodes/${node}/procedures`, body, headers);
const orderOf = async (node: string) => (await read(`/v1/nodes/${node}/review`))['order'] as string;

it('a product says its methods, its ways down and its procedures', async () => {
  expect(await read('/v1/products/kettle')).toMatchObject({
    methods: [{ method: 'binary' }, { method: 'script', when: { installer: 'script' } }],
    downgrades: [{ from: ['v3'], to: 'v2', reason: null }, { from: ['v3'], to: 'v1', reason: 'it cannot read the settings' }],
    procedures: [{ procedure: 'reinstall', to: null }, { procedure: 'look' }],
    paths: [{ from: ['v1'], notes: ['Descale it first'] }, {}, {}],
  });
});

it('a plan shows the releases that it comes through, and is refused for a method that does not suit', async () => {
  const plan = (more: object) => service.post('/v1/rollouts', { product: 'kettle', to: 'v3', nodes: 'k-1', dryRun: true, ...more });
  const { plan: made } = (await plan({ method: 'binary' })).body as { plan: { routes: Fields[] } };
  expect(made.routes).toMatchObject([{ method: 'binary', migration: 'manual', legs: [{ to: 'v2', notes: ['Descale it first'] }, { to: 'v3', notes: [] }] }]);
  await expectProblem(service, plan({ method: 'script' }), 409, 'method-unfit');
  expect(await expectProblem(service, plan({ method: 'pip' }), 422, 'method-unknown')).toMatchObject({ next: 'Use one of its methods: binary, script.' });
  await expectProblem(service, plan({ method: '../binary' }), 400, 'request-invalid');
});

describe('what waits for a person', () => {
  beforeAll(async () => {
    expect(await items('/v1/reviews')).toEqual([]);
    const rollout = await fleet.plan({ product: 'kettle', to: 'v3', nodes: ['k-1', 'k-2', 'k-3'], strategy: { maxUnavailable: 3, failureLimit: 3 } });
    await fleet.start(rollout);
    await settle();
  });

  it('is listed, the most urgent first, page by page', async () => {
    const all = await items('/v1/reviews?state=pending');
    expect(all.map((one) => one['node'] as string).toSorted()).toEqual(['k-1', 'k-2', 'k-3']);
    for (const one of all) expect(one).toMatchObject({ step: 'compare', phase: 'upgrade', state: 'pending', decidedAt: null });
    const deadlines = all.map((one) => one['decideBy'] as string);
    expect(deadlines).toEqual(deadlines.toSorted());
    const first = await read('/v1/reviews?state=pending&limit=2');
    const rest = await read(`/v1/reviews?state=pending&limit=2&cursor=${first['next'] as string}`);
    expect([...(first['items'] as Fields[]), ...(rest['items'] as Fields[])]).toEqual(all);
    expect((await service.get('/v1/reviews?state=waiting')).status).toBe(400);
  });

  it('is told at the node, at its part of the rollout, and with what it showed', async () => {
    expect(await read('/v1/nodes/k-1')).toMatchObject({ state: 'in-review' });
    const { rollout, evidence } = (await read('/v1/nodes/k-1/review')) as { rollout: string; evidence: { sha256: string } };
    expect((await items(`/v1/rollouts/${rollout}/nodes?state=in-review`)).map((one) => one['node'] as string).toSorted()).toEqual(['k-1', 'k-2', 'k-3']);
    expect((await service.get(`/v1/evidence/${evidence.sha256}`)).text).toBe('convert/compare of k-1\n');
    await expectProblem(service, service.get('/v1/nodes/k-9/review'), 404, 'review-none');
  });

  it('is decided once, and a repeat of the decision is no second one', async () => {
    const order = await orderOf('k-1');
    await expectProblem(service, decide('k-1', order, { accept: false }), 422, 'reason-missing');
    await expectProblem(service, decide('k-1', order, { accept: 'yes' }), 400, 'request-invalid');
    await expectProblem(service, decide('k-1', 'r-1.k-1.1.0.1', { accept: true }), 409, 'review-unknown');
    await expectProblem(service, decide('k-0', order, { accept: true }), 404, 'node-unknown');
    const headers = { 'idempotency-key': newId() };
    const answer = await decide('k-1', order, { accept: true, reason: 'fine' }, headers);
    expect([answer.status, answer.body]).toMatchObject([202, { written: true, repeated: false }]);
    expect((await decide('k-1', order, { accept: true, reason: 'fine' }, headers)).body).toMatchObject({ repeated: true });
    await expectProblem(service, decide('k-1', order, { accept: false, reason: 'not so' }), 409, 'review-unknown');
    await settle();
    expect(await read('/v1/nodes/k-1')).toMatchObject({ state: 'ready', version: 'v3' });
    expect(await read('/v1/nodes/k-1/review')).toMatchObject({ state: 'accepted', reason: 'fine', decidedBy: expect.stringMatching(/^person:/) as string });
  });

  it('takes the node back when it is rejected', async () => {
    await decide('k-2', await orderOf('k-2'), { accept: false, reason: 'not so' });
    await settle();
    expect(await read('/v1/nodes/k-2')).toMatchObject({ state: 'ready', version: 'v1', reason: 'review-rejected: not so' });
  });

  it('is withdrawn when the rollout is aborted', async () => {
    const order = await orderOf('k-3');
    const { rollout } = (await read('/v1/nodes/k-3/review')) as { rollout: string };
    await service.post(`/v1/rollouts/${rollout}/abort`, { reason: 'enough' });
    await settle();
    expect(await read('/v1/nodes/k-3/review')).toMatchObject({ state: 'withdrawn', reason: 'rollout-aborted' });
    await expectProblem(service, decide('k-3', order, { accept: true }), 409, 'review-unknown');
    expect(await items('/v1/reviews?state=pending')).toEqual([]);
  });
});

describe('a procedure', () => {
  it('is begun under an id of its own, and once for each key', async () => {
    const headers = { 'idempotency-key': newId() };
    const answer = await begin('k-9', { procedure: 'downgrade', to: 'v2' }, headers);
    expect([answer.status, answer.body]).toMatchObject([202, { id: expect.stringMatching(/^p-[0-9a-z]{8}$/) as string, written: true }]);
    const { id } = answer.body as { id: string };
    await service.project();
    expect(await read('/v1/nodes/k-9')).toMatchObject({ state: 'in-procedure' });
    await expectProblem(service, begin('k-9', { procedure: 'reinstall' }), 409, 'node-in-procedure');
    await settle();
    expect((await begin('k-9', { procedure: 'downgrade', to: 'v2' }, headers)).body).toMatchObject({ id, repeated: true });
    const entries = await items('/v1/nodes/k-9/history?limit=500');
    expect(entries.filter((entry) => entry['rollout'] === id).map((entry) => entry['type']).filter((type) => (type as string).startsWith('procedure.'))).toEqual(['procedure.started', 'procedure.completed']);
    expect(await read('/v1/nodes/k-9')).toMatchObject({ state: 'ready', version: 'v2' });
    expect((await service.get(`/v1/rollouts/${id}`)).status).toBe(404);
  });

  it.each<[string, object, number, string]>([
    ['of a name that there is not', { procedure: 'guess' }, 404, 'procedure-unknown'], ['of no name', {}, 400, 'request-invalid'],
    ['to a version that there is not', { procedure: 'reinstall', to: 'v9' }, 422, 'version-unknown'], ['to what is no text', { procedure: 'reinstall', to: 7 }, 400, 'request-invalid'],
    ['down without a version', { procedure: 'downgrade' }, 422, 'procedure-without-version'], ['down where nothing leads', { procedure: 'downgrade', to: 'v1' }, 409, 'downgrade-impossible'],
  ])('%s is refused', async (_, body, status, code) => {
    await expectProblem(service, begin('k-9', body), status, code);
  });

  it('at a node that nobody knows is refused', async () => {
    await expectProblem(service, begin('k-0', { procedure: 'reinstall' }), 404, 'node-unknown');
  });
});
