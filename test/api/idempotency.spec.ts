import { createHash } from 'node:crypto';
import type { Answer } from '../support/http.js';
import { createDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { expectProblem } from '../support/problems.js';
import { TestService } from '../support/service.js';
import { Simulation } from '../support/simulation.js';
import { systemClock } from '#platform';

type Done = { position: number; version: number; written: boolean; repeated: boolean; rollout: string; plan: object | null };

const sha256 = (token: string) => createHash('sha256').update(token).digest('hex');
const tokens = ['ann', 'ben'].map((name) => ({ sha256: sha256(name), ref: name, role: 'operator' }));

let database: TestDatabase;
let service: TestService;
let rollout: string;

/** The API over the same database: in this process, and the pools its own. */
const open = () => TestService.open({ tokens, database: { ...database, drop: () => Promise.resolve() } });

beforeAll(async () => {
  database = await createDatabase();
  service = await open();
  const fleet = new Simulation({ bus: service.bus, book: service.book, reader: service.reader, clock: systemClock });
  await fleet.importCatalogue();
  for (const node of ['n-1', 'n-2']) await fleet.announce(node);
  rollout = await fleet.plan({ nodes: ['n-1'] });
  await service.project();
});
afterAll(async () => {
  await service.close();
  await database.drop();
});

const as = (name: string, key?: string) => ({ authorization: `Bearer ${name}`, ...(key === undefined ? {} : { 'idempotency-key': key }) });
const register = (node: string, key?: string, by = 'ann', at = service): Promise<Answer> => at.post('/v1/nodes', { node, site: 'local', product: 'orchat' }, as(by, key));
const done = (answer: Answer) => answer.body as Done;

it('answers a repeat under the same key as the first time, and writes nothing', async () => {
  const first = await register('a-1', 'key-1');
  expect(first.status).toBe(201);
  expect(first.body).toMatchObject({ written: true, repeated: false, position: await service.size() });
  await register('a-2');
  const size = await service.size();
  const again = await register('a-1', 'key-1');
  expect(again.body).toEqual({ ...done(first), repeated: true });
  expect([again.status, again.headers['rollbook-position'], again.headers['etag']]).toEqual([201, first.headers['rollbook-position'], first.headers['etag']]);
  expect(await service.size()).toBe(size);
});

it('takes a key with and without the quotes of a structured field for the same', async () => {
  const first = await register('a-3', '"key-3"');
  expect((await register('a-3', 'key-3')).body).toEqual({ ...done(first), repeated: true });
});

it('refuses a key that was used for something else: another body, or another command', async () => {
  await register('b-1', 'key-b');
  await expectProblem(service, register('b-2', 'key-b'), 422, 'command-reused');
  await expectProblem(service, service.post(`/v1/rollouts/${rollout}/abort`, { reason: 'x' }, as('ann', 'key-b')), 422, 'command-reused');
});

it('keeps the keys of two people apart', async () => {
  expect(done(await register('c-1', 'key-c', 'ann'))).toMatchObject({ repeated: false });
  expect(done(await register('c-2', 'key-c', 'ben'))).toMatchObject({ written: true, repeated: false });
});

it('lets a refused command be tried again under its key', async () => {
  const pause = () => service.post(`/v1/rollouts/${rollout}/pause`, { reason: 'x' }, as('ann', 'key-p'));
  await expectProblem(service, pause(), 409, 'rollout-not-running');
  expect((await service.post(`/v1/rollouts/${rollout}/start`, {}, as('ann'))).status).toBe(202);
  expect(await pause()).toMatchObject({ status: 202, body: { written: true, repeated: false } });
  expect(await pause()).toMatchObject({ status: 202, body: { written: true, repeated: true } });
});

it('plans one rollout under one key; the repeat names it again, without the plan', async () => {
  const plan = (more: object = {}) => service.post('/v1/rollouts', { product: 'orchat', to: 'v0.7.0', nodes: 'n-2', ...more }, as('ann', 'key-plan'));
  const shown = await plan({ dryRun: true });
  expect(done(shown)).toMatchObject({ written: false, repeated: false });
  const first = await plan();
  expect(done(first)).toMatchObject({ written: true, repeated: false });
  const size = await service.size();
  const again = await plan();
  expect(done(again)).toMatchObject({ rollout: done(first).rollout, position: done(first).position, repeated: true, plan: null });
  expect(await service.size()).toBe(size);
});

it('records one fact for a key that comes over two connections at once, of one process or of two', async () => {
  const other = await open();
  try {
    const before = await service.size();
    const keys = Array.from({ length: 20 }, (_, i) => i);
    const answers = await Promise.all(keys.flatMap((i) => [register(`d-${i}`, `key-d-${i}`), register(`d-${i}`, `key-d-${i}`, 'ann', other), register(`d-${i}`, `key-d-${i}`)]));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    expect(await service.size()).toBe(before + keys.length);
    for (const i of keys) {
      const three = answers.slice(i * 3, i * 3 + 3).map(done);
      expect(new Set(three.map(({ position }) => position)).size).toBe(1);
      expect(three.filter(({ repeated }) => !repeated)).toHaveLength(1);
    }
  } finally {
    await other.close();
  }
});

it('lets one of two bodies through that come under one key at once', async () => {
  const answers = await Promise.all([register('e-1', 'key-e'), register('e-2', 'key-e')]);
  expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 422]);
});

it('knows the key after a restart', async () => {
  const first = done(await register('f-1', 'key-f'));
  await service.close();
  service = await open();
  const size = await service.size();
  expect((await register('f-1', 'key-f')).body).toEqual({ ...first, repeated: true });
  await expectProblem(service, register('f-2', 'key-f'), 422, 'command-reused');
  expect(await service.size()).toBe(size);
});
