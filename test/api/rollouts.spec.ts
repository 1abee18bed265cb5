import { systemClock } from '#platform';
import type { Answer } from '../support/http.js';
import { expectProblem } from '../support/problems.js';
import { TestService } from '../support/service.js';
import { Simulation } from '../support/simulation.js';

let service: TestService;
let fleet: Simulation;

beforeAll(async () => {
  service = await TestService.open();
  fleet = new Simulation({ bus: service.bus, book: service.book, reader: service.reader, clock: systemClock });
  await fleet.importCatalogue();
  for (const node of ['n-1', 'n-2', 'n-3']) await fleet.announce(node, 'v0.6.2', { tier: 'web' });
  await fleet.announce('new-1', 'v0.7.0');
  await fleet.announce('old-1', 'v0.2.0');
  await service.post('/v1/nodes', { node: 'silent-1', site: 'local', product: 'orchat' });
  await service.post('/v1/nodes', { node: 'other-1', site: 'local', product: 'pump' });
  await fleet.run();
  await service.project();
});
afterAll(() => service.close());

type Planned = { rollout: string; digest: string; position: number; version: number };

const wish = (more: object = {}) => ({ product: 'orchat', to: 'v0.7.0', nodes: 'n-1,n-2', ...more });
const plan = (more: object = {}) => service.post('/v1/rollouts', wish(more));
const act = (rollout: string, action: string, body: object = {}, headers = {}) => service.post(`/v1/rollouts/${rollout}/${action}`, body, headers);
const read = async (path: string) => (await service.get(path)).body as { [field: string]: unknown };

async function planned(more: object = {}): Promise<Planned> {
  const answer = await plan(more);
  expect(answer.status).toBe(201);
  await service.project();
  return answer.body;
}

/** Everything that follows from the last command. */
async function settle(): Promise<void> {
  await fleet.run();
  await service.project();
}

describe('a rollout', () => {
  let one: Planned;

  it('is shown before it is planned, and then nothing is written', async () => {
    const before = await service.size();
    const answer = await plan({ dryRun: true });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ written: false, repeated: false, dryRun: true, alreadyThere: [], plan: { product: 'orchat', to: 'v0.7.0' } });
    expect(answer.headers['location']).toBeUndefined();
    expect(await service.size()).toBe(before);
  });

  it('is planned: the answer says where it stands in the ledger, and where to read it', async () => {
    const answer = await plan({ nodes: 'n-1, n-2, new-1', strategy: { maxUnavailable: 2 } });
    one = answer.body;
    expect(answer.status).toBe(201);
    expect(answer.headers).toMatchObject({
      location: `/v1/rollouts/${one.rollout}`, etag: `"${one.version}"`, 'rollbook-position': String(await service.size()),
    });
    expect(answer.body).toMatchObject({
      position: await service.size(), written: true, repeated: false, dryRun: false, alreadyThere: ['new-1'],
      digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string, plan: { strategy: { maxUnavailable: 2, failureLimit: 0 } },
    });
    await service.project();
    const stored = await read(`/v1/rollouts/${one.rollout}`);
    expect(stored).toMatchObject({
      rollout: one.rollout, product: 'orchat', to: 'v0.7.0', state: 'planned', digest: one.digest, size: 2, tally: { waiting: 2 }, startedAt: null,
      plannedBy: expect.stringMatching(/^person:[0-9a-f-]{36}$/) as string, selector: 'n-1, n-2, new-1',
    });
    const { items } = (await read(`/v1/rollouts/${one.rollout}/nodes`)) as { items: { node: string; ordinal: number; state: string }[] };
    expect(items.map(({ ordinal, state }) => [ordinal, state])).toEqual([[1, 'waiting'], [2, 'waiting']]);
    expect(items.map(({ node }) => node).sort()).toEqual(['n-1', 'n-2']);
  });

  it('is started with the digest that was read, paused, resumed, and ends with every node measured', async () => {
    const started = await act(one.rollout, 'start', { digest: one.digest });
    expect(started.status).toBe(202);
    expect(started.body).toMatchObject({ written: true, repeated: false, position: await service.size() });
    expect((await act(one.rollout, 'pause', { reason: 'lunch' })).status).toBe(202);
    await service.project();
    expect(await read(`/v1/rollouts/${one.rollout}`)).toMatchObject({ state: 'paused', reason: 'lunch', resumeBy: expect.any(String) as string });
    expect((await act(one.rollout, 'resume')).status).toBe(202);
    await settle();
    expect(await read(`/v1/rollouts/${one.rollout}`)).toMatchObject({ state: 'succeeded', tally: { upgraded: 2 }, endedAt: expect.any(String) as string });
    const { items } = (await read(`/v1/rollouts/${one.rollout}/nodes?state=upgraded`)) as { items: object[] };
    expect(items).toHaveLength(2);
    expect(items[0]).toMatchObject({ state: 'upgraded', result: 'verified', stepsDone: 22, steps: 22, reason: null });
    expect(await read('/v1/nodes/n-1')).toMatchObject({ version: 'v0.7.0', state: 'ready', health: 'healthy', rollout: one.rollout });
  });

  it('is taken back afterwards', async () => {
    expect((await act(one.rollout, 'rollback', { reason: 'slower than before' })).status).toBe(202);
    await settle();
    expect(await read(`/v1/rollouts/${one.rollout}`)).toMatchObject({ state: 'rolled-back', tally: { 'rolled-back': 2 } });
    expect(await read('/v1/nodes/n-1')).toMatchObject({ version: 'v0.6.2', state: 'ready' });
    const { items } = (await read('/v1/products/orchat/certification')) as { items: object[] };
    expect(items).toMatchObject([{ version: 'v0.7.0', cases: 2, verified: 2, rollbacks: 2, rollbacksProven: 2, fromVersions: ['v0.6.2'] }]);
  });

  it('is aborted before it began, and is listed with the others, the newest first', async () => {
    const two = await planned();
    expect((await act(two.rollout, 'abort', { reason: 'not today' })).status).toBe(202);
    await settle();
    expect(await read(`/v1/rollouts/${two.rollout}`)).toMatchObject({ state: 'aborted', reason: 'not today' });
    const all = (await read('/v1/rollouts')) as { items: { rollout: string }[]; next: null };
    expect(all.items.map(({ rollout }) => rollout)).toEqual([two.rollout, one.rollout]);
    expect(((await read('/v1/rollouts?state=aborted')).items as object[]).length).toBe(1);
  });
});

describe('the answer to a read', () => {
  it('is marked with the version of its stream and the position it had come to', async () => {
    const answer = await service.get('/v1/nodes/n-1');
    expect(answer.headers).toMatchObject({ etag: expect.stringMatching(/^"\d+"$/) as string, 'rollbook-position': String(await service.size()) });
  });

  it('tells products, a product, and the history of a node', async () => {
    expect((await read('/v1/products')).items).toEqual([{ product: 'orchat', name: 'ORCHAT', managed: true, releases: 7, latest: expect.any(String) as string }]);
    const product = await read('/v1/products/orchat');
    expect(product).toMatchObject({ product: 'orchat', name: 'ORCHAT' });
    expect((product['releases'] as { version: string }[]).map(({ version }) => version)).toEqual(
      ['v0.8.0', 'v0.7.0', 'v0.6.2', 'v0.6.0', 'v0.5.0', 'v0.4.0', 'v0.3.0'],
    );
    const { items } = (await read('/v1/nodes/n-1/history?limit=500')) as { items: { type: string; position: number; causation: string | null; data: object }[] };
    expect(items.slice(0, 3).map(({ type }) => type)).toEqual(['node.registered', 'node.version-observed', 'node.health-observed']);
    expect(items.map(({ position }) => position)).toEqual(items.map(({ position }) => position).sort((a, b) => a - b));
    // The plan's route stands in the plan; a history of it for every node would be most of every answer.
    expect(items.some(({ data }) => 'route' in data)).toBe(false);
    expect(items.find(({ type }) => type === 'upgrade.verified')).toMatchObject({ causation: expect.stringMatching(/\.\d+$/) as string });
  });

  it('lists the fleet by any selector', async () => {
    const names = async (selector: string) => ((await read(`/v1/nodes?selector=${encodeURIComponent(selector)}`)).items as { node: string }[]).map(({ node }) => node);
    expect(await names('all')).toEqual(['n-1', 'n-2', 'n-3', 'new-1', 'old-1', 'other-1', 'silent-1']);
    expect(await names('n-*')).toEqual(['n-1', 'n-2', 'n-3']);
    expect(await names('label.tier=web')).toEqual(['n-1', 'n-2', 'n-3']);
    expect(await names('version=v0.2.0,product=pump')).toEqual(['old-1', 'other-1']);
    expect(await names('n-3,n-1,nobody')).toEqual(['n-1', 'n-3']);
    expect(await names('nobody,nobody-else')).toEqual([]);
    expect(await names('site=local,state=ready')).toHaveLength(7);
  });
});

describe('a refusal', () => {
  const refused = (ask: Promise<Answer>, status: number, code: string) => expectProblem(service, ask, status, code);

  it.each([
    ['an unknown product', { product: 'nothing' }, 404, 'product-unknown'],
    ['an unknown version', { to: 'v9.9.9' }, 422, 'version-unknown'],
    ['an unknown node', { nodes: 'n-1,nobody' }, 404, 'node-unknown'],
    ['a selector for no node', { nodes: 'zzz-*' }, 422, 'nodes-none'],
    ['a selector that cannot be read', { nodes: 'color=red' }, 422, 'selector-invalid'],
    ['an empty selector', { nodes: '' }, 422, 'selector-invalid'],
    ['a node twice', { nodes: 'n-1,n-2,n-1' }, 422, 'node-listed-twice'],
    ['a node of another product', { nodes: 'other-1' }, 422, 'node-other-product'],
    ['a node of which nobody knows the version', { nodes: 'silent-1' }, 409, 'node-version-unknown'],
    ['nodes that are there already', { nodes: 'new-1' }, 409, 'nodes-already-there'],
    ['versions that no path joins', { nodes: 'old-1' }, 409, 'no-upgrade-path'],
  ])('of a plan for %s has a code and what to do next', async (_, more, status, code) => {
    await refused(plan(more), status, code);
    await refused(plan({ ...more, dryRun: true }), status, code);
  });

  it('of an action names the state that does not allow it', async () => {
    const { rollout } = await planned({ nodes: 'n-3' });
    await refused(act('r-nothing', 'start'), 404, 'rollout-unknown');
    await refused(act(rollout, 'start', { digest: '0'.repeat(64) }), 412, 'plan-changed');
    expect((await refused(act(rollout, 'pause', { reason: 'x' }), 409, 'rollout-not-running')).detail).toContain('planned');
    await refused(act(rollout, 'resume'), 409, 'rollout-not-paused');
    await refused(act(rollout, 'rollback', { reason: 'x' }), 409, 'rollout-not-ended');
    expect((await act(rollout, 'start')).status).toBe(202);
    await refused(act(rollout, 'start'), 409, 'rollout-not-planned');
    await fleet.run((event) => event.type === 'step.ordered');
    await refused(plan({ nodes: 'n-3' }), 409, 'node-busy');
    await settle();
    expect((await refused(act(rollout, 'abort', { reason: 'x' }), 409, 'rollout-ended')).detail).toContain('succeeded');
    const early = await planned({ nodes: 'n-1' });
    await act(early.rollout, 'abort', { reason: 'x' });
    await settle();
    await refused(act(early.rollout, 'rollback', { reason: 'x' }), 409, 'nothing-to-roll-back');
  });

  it('of a node says whose it is', async () => {
    await refused(service.post('/v1/nodes', { node: 'n-1', site: 'elsewhere', product: 'orchat' }), 409, 'node-elsewhere');
    await refused(service.post('/v1/nodes', { node: 'n-1', site: 'local', product: 'pump' }), 422, 'node-other-product');
  });

  it.each([
    ['/v1/nodes/nobody', 'node-unknown'],
    ['/v1/nodes/nobody/history', 'node-unknown'],
    ['/v1/products/nothing', 'product-unknown'],
    ['/v1/products/nothing/certification', 'product-unknown'],
    ['/v1/rollouts/r-nothing', 'rollout-unknown'],
    ['/v1/rollouts/r-nothing/nodes', 'rollout-unknown'],
    [`/v1/evidence/${'0'.repeat(64)}`, 'evidence-unknown'],
    ['/v1/evidence/rubbish', 'evidence-unknown'],
  ])('of GET %s is 404', (path, code) => refused(service.get(path), 404, code));
});
