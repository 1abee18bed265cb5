import { RegisterNode } from '#commands';
import { systemClock } from '#platform';
import { expectProblem } from '../support/problems.js';
import { TestService } from '../support/service.js';
import { Simulation } from '../support/simulation.js';

type Page = { items: { node: string; position: number; rollout: string }[]; next: string | null; position: number };

let service: TestService;
let fleet: Simulation;
const readWaitMs = 300;

beforeAll(async () => {
  service = await TestService.open({ limits: { readWaitMs } });
  fleet = new Simulation({ bus: service.bus, book: service.book, reader: service.reader, clock: systemClock });
  await fleet.importCatalogue();
  await fleet.announce('node-1');
  await service.project();
});
afterAll(() => service.close());

const register = (node: string, labels = {}, headers = {}) => service.post('/v1/nodes', { node, site: 'local', product: 'orchat', labels }, headers);
const page = async (path: string) => (await service.get(path)).body as Page;

/** Every page of a list, with whatever is done between them. */
async function walk(path: string, between: (seen: Page) => Promise<void> = () => Promise.resolve()): Promise<Page['items']> {
  const items: Page['items'] = [];
  for (let cursor = ''; ; ) {
    const one = await page(`${path}${cursor === '' ? '' : `&cursor=${cursor}`}`);
    items.push(...one.items);
    if (one.next === null) return items;
    cursor = one.next;
    await between(one);
  }
}

describe('a read that names a position', () => {
  it.each(['header', 'query'])('waits until it is projected (by %s)', async (by) => {
    const node = `new-${by}`;
    const { position } = (await register(node)).body as { position: number };
    const waiting = by === 'header' ? service.get(`/v1/nodes/${node}`, { 'rollbook-position': position }) : service.get(`/v1/nodes/${node}?position=${position}`);
    // Whoever does not wait sees that the read model has not come so far.
    expect((await service.get(`/v1/nodes/${node}`)).status).toBe(404);
    await service.project();
    const answer = await waiting;
    expect([answer.status, answer.headers['rollbook-position']]).toEqual([200, String(position)]);
  });

  it('is told "not yet" when the time is up, and when to come again', async () => {
    const { position } = (await register('slow-1')).body as { position: number };
    const problem = await expectProblem(service, service.get('/v1/nodes', { 'rollbook-position': position }), 503, 'not-yet-projected');
    expect(problem['position']).toBe(position);
    const answer = await service.get('/v1/nodes/slow-1/history', { 'rollbook-position': position });
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
    await service.project();
    expect((await service.get('/v1/nodes/slow-1/history', { 'rollbook-position': position })).status).toBe(200);
    await expectProblem(service, service.get('/v1/nodes', { 'rollbook-position': position + 1_000 }), 503, 'not-yet-projected');
  });
});

describe('a cursor', () => {
  const width = (i: number) => String(i).padStart(4, '0');

  it('leads through 1,000 nodes without loss or repeat, while others are added in front and behind', async () => {
    const names = Array.from({ length: 1_000 }, (_, i) => `walk-${width(i)}`);
    await Promise.all(names.map((node) => service.bus.execute(new RegisterNode(fleet.meta(), node, 'local', 'orchat', {}))));
    await service.project();
    let turn = 0;
    const behind: string[] = [];
    const seen = await walk('/v1/nodes?selector=walk-*&limit=97', async ({ items }) => {
      turn += 1;
      const last = items.at(-1)!.node;
      behind.push(`${last}-behind`);
      await Promise.all([register(`walk-0000-front-${turn}`), register(`${last}-behind`)]);
      await service.project();
    });
    const found = seen.map(({ node }) => node);
    expect(turn).toBe(10);
    expect(found).toEqual([...new Set(found)]);
    expect(found).toEqual([...found].sort());
    expect(found.filter((node) => names.includes(node))).toEqual(names);
    expect(found.filter((node) => node.endsWith('-behind'))).toEqual(behind);
    expect(found.filter((node) => node.includes('-front-') && !node.endsWith('-behind'))).toEqual([]);
  });

  it('leads through a history, the rollouts and the nodes of a rollout as one page would', async () => {
    for (const node of ['n-1', 'n-2', 'n-3']) await fleet.announce(node);
    const rollout = await fleet.rollOut(['n-1', 'n-2', 'n-3'], { maxUnavailable: 2 });
    for (const node of ['old-1', 'old-2', 'old-3']) {
      await fleet.announce(node);
      await fleet.plan({ nodes: [node] });
    }
    await service.project();
    for (const [path, limit, least] of [['/v1/nodes/n-1/history', 7, 60], ['/v1/rollouts', 1, 4], [`/v1/rollouts/${rollout}/nodes`, 1, 3]] as const) {
      const whole = await page(`${path}?limit=500`);
      expect(whole.next).toBeNull();
      expect(whole.items.length).toBeGreaterThanOrEqual(least);
      expect(await walk(`${path}?limit=${limit}`)).toEqual(whole.items);
    }
  });
});

describe('an ETag', () => {
  const tagOf = async (path: string) => (await service.get(path)).headers['etag']!;

  it('is answered with 304 and no body while nothing has changed', async () => {
    for (const path of ['/v1/nodes/node-1', '/v1/products/orchat', '/v1/nodes?selector=node-1', '/v1/rollouts']) {
      const tag = await tagOf(path);
      expect(await service.get(path, { 'if-none-match': tag })).toMatchObject({ status: 304, text: '' });
      expect((await service.get(path, { 'if-none-match': '"0"' })).status).toBe(200);
    }
  });

  it('changes with what it stands for', async () => {
    const tag = await tagOf('/v1/nodes/node-1');
    await register('node-1', { tier: 'web' });
    await service.project();
    const answer = await service.get('/v1/nodes/node-1', { 'if-none-match': tag });
    expect(answer).toMatchObject({ status: 200, body: { labels: { tier: 'web' } } });
    expect(answer.headers['etag']).not.toBe(tag);
  });

  it('lets a command through that was made for what is there, once', async () => {
    const tag = await tagOf('/v1/nodes/node-1');
    expect((await register('node-1', { tier: 'db' }, { 'if-match': tag })).status).toBe(201);
    await expectProblem(service, register('node-1', { tier: 'cache' }, { 'if-match': tag }), 412, 'version-differs');
    expect((await register('node-1', { tier: 'cache' }, { 'if-match': '*' })).status).toBe(201);
  });

  it('of a rollout changes with its nodes, and still names the version that a command goes by', async () => {
    await fleet.announce('tag-1');
    const rollout = await fleet.plan({ nodes: ['tag-1'] });
    await fleet.start(rollout);
    await fleet.run((event) => event.type === 'step.ordered');
    await service.project();
    const path = `/v1/rollouts/${rollout}`;
    const running = await tagOf(path);
    await fleet.run((event) => event.type === 'upgrade.verified');
    await service.project();
    const later = await tagOf(path);
    expect(later).not.toBe(running);
    expect((await service.get(path, { 'if-none-match': running })).status).toBe(200);
    expect((await service.post(`${path}/pause`, { reason: 'a look' }, { 'if-match': later })).status).toBe(202);
    await expectProblem(service, service.post(`${path}/abort`, { reason: 'x' }, { 'if-match': later }), 412, 'version-differs');
  });
});
