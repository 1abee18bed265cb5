import { systemClock } from '#platform';
import type { Call } from '../support/http.js';
import { expectProblem } from '../support/problems.js';
import { TestService, enrolmentSecret } from '../support/service.js';
import { Simulation } from '../support/simulation.js';

let service: TestService;
let rollout: string;

beforeAll(async () => {
  service = await TestService.open();
  const fleet = new Simulation({ bus: service.bus, book: service.book, reader: service.reader, clock: systemClock });
  await fleet.importCatalogue();
  for (const node of ['n-1', 'n-2', 'n-3']) await fleet.announce(node);
  rollout = await fleet.plan({ nodes: ['n-1', 'n-2', 'n-3'] });
  await service.project();
});
afterAll(() => service.close());

const json = { 'content-type': 'application/json' };
const wish = { product: 'orchat', to: 'v0.7.0', nodes: 'all' };
const raw = (text: string, headers: Call['headers'] = json): Call => ({ raw: text, headers });
const deep = `{"product":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
/** `%` stands for the planned rollout. */
const start = '/v1/rollouts/%/start';
const pause = '/v1/rollouts/%/pause';

type Case = [what: string, method: string, path: string, call: Call, status: number, code: string, field?: string];

const bodies: Case[] = [
  ['malformed JSON', 'POST', '/v1/rollouts', raw('{"product":'), 400, 'request-malformed'],
  ['JSON that is no object', 'POST', '/v1/rollouts', raw('null'), 400, 'request-malformed'],
  ['a list', 'POST', '/v1/rollouts', raw('[]'), 400, 'request-invalid', 'product'],
  ['no body', 'POST', '/v1/rollouts', {}, 400, 'request-invalid', 'nodes'],
  ['bytes that are no UTF-8 under another charset', 'POST', '/v1/rollouts', raw('{}', { 'content-type': 'application/json; charset=x-rubbish' }), 400, 'request-malformed'],
  ['rubbish said to be gzip', 'POST', '/v1/rollouts', raw('{}', { ...json, 'content-encoding': 'gzip' }), 400, 'request-malformed'],
  ['plain text', 'POST', '/v1/rollouts', raw(JSON.stringify(wish), { 'content-type': 'text/plain' }), 400, 'content-type-invalid'],
  ['a form', 'POST', '/v1/rollouts', raw('product=orchat', { 'content-type': 'application/x-www-form-urlencoded' }), 400, 'content-type-invalid'],
  ['a body without a type', 'POST', '/v1/rollouts', raw(JSON.stringify(wish), {}), 400, 'content-type-invalid'],
  ['a digest in a form, which would be passed over', 'POST', start, raw('digest=00', { 'content-type': 'application/x-www-form-urlencoded' }), 400, 'content-type-invalid'],
  ['an oversized payload', 'POST', '/v1/rollouts', { body: { ...wish, nodes: 'x'.repeat(300 * 1024) } }, 413, 'payload-too-large'],
  ['oversized reports', 'POST', '/v1/sites/local/reports', { body: { reports: ['x'.repeat(9 * 1024 * 1024)] } }, 413, 'payload-too-large'],
  ['an unknown field', 'POST', '/v1/rollouts', { body: { ...wish, dryrun: true } }, 400, 'request-invalid', 'dryrun'],
  ['an unknown field of the strategy', 'POST', '/v1/rollouts', { body: { ...wish, strategy: { maxUnavailible: 2 } } }, 400, 'request-invalid', 'strategy.maxUnavailible'],
  ['a number for a text', 'POST', '/v1/rollouts', { body: { ...wish, to: 7 } }, 400, 'request-invalid', 'to'],
  ['a text for a number', 'POST', '/v1/rollouts', { body: { ...wish, strategy: { maxUnavailable: '2' } } }, 400, 'request-invalid', 'strategy.maxUnavailable'],
  ['a number out of range', 'POST', '/v1/rollouts', { body: { ...wish, strategy: { maxUnavailable: 0 } } }, 400, 'request-invalid', 'strategy.maxUnavailable'],
  ['a strategy that is a list', 'POST', '/v1/rollouts', { body: { ...wish, strategy: [] } }, 400, 'request-invalid', 'strategy'],
  ['a text for yes or no', 'POST', '/v1/rollouts', { body: { ...wish, dryRun: 'yes' } }, 400, 'request-invalid', 'dryRun'],
  ['a number for a digest', 'POST', start, { body: { digest: 'abc' } }, 400, 'request-invalid', 'digest'],
  ['no reason', 'POST', pause, { body: {} }, 400, 'request-invalid', 'reason'],
  ['an empty reason', 'POST', pause, { body: { reason: '' } }, 400, 'request-invalid', 'reason'],
  ['a reason of 501 characters', 'POST', pause, { body: { reason: 'x'.repeat(501) } }, 400, 'request-invalid', 'reason'],
  ['the character NUL', 'POST', '/v1/rollouts', { body: { ...wish, product: '\u0000' } }, 400, 'request-malformed'],
  ['the character NUL inside a selector', 'POST', '/v1/rollouts', { body: { ...wish, nodes: 'site=\u0000' } }, 400, 'request-malformed'],
  ['half of a surrogate pair', 'POST', pause, raw('{"reason":"\\ud800"}'), 400, 'request-malformed'],
  ['thousands of lists in each other', 'POST', '/v1/rollouts', raw(deep), 400, 'request-malformed'],
  ['a name in capitals', 'POST', '/v1/nodes', { body: { node: 'N-1', site: 'local', product: 'orchat' } }, 400, 'request-invalid', 'node'],
  ['labels that are a list', 'POST', '/v1/nodes', { body: { node: 'n-9', site: 'local', product: 'orchat', labels: ['a'] } }, 400, 'request-invalid', 'labels'],
  ['a label that is no text', 'POST', '/v1/nodes', { body: { node: 'n-9', site: 'local', product: 'orchat', labels: { a: 1 } } }, 400, 'request-invalid', 'labels'],
  ['a label without a name', 'POST', '/v1/nodes', { body: { node: 'n-9', site: 'local', product: 'orchat', labels: { '': 'x' } } }, 400, 'request-invalid', 'labels'],
  ['65 labels', 'POST', '/v1/nodes', { body: { node: 'n-9', site: 'local', product: 'orchat', labels: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`l${i}`, 'x'])) } }, 400, 'request-invalid', 'labels'],
];

const key = (text: string): Call => ({ body: { reason: 'x' }, headers: { 'idempotency-key': text } });
const header = (name: string, text: string): Call => ({ body: { reason: 'x' }, headers: { [name]: text } });

const heads: Case[] = [
  ['an empty Idempotency-Key', 'POST', pause, key('""'), 400, 'idempotency-key-invalid'],
  ['an Idempotency-Key with a space', 'POST', pause, key('a b'), 400, 'idempotency-key-invalid'],
  ['an Idempotency-Key of 201 characters', 'POST', pause, key('x'.repeat(201)), 400, 'idempotency-key-invalid'],
  ['an If-Match without quotes', 'POST', pause, header('if-match', '3'), 400, 'if-match-invalid'],
  ['an If-Match of words', 'POST', pause, header('if-match', '"latest"'), 400, 'if-match-invalid'],
  ['a weak If-Match', 'POST', pause, header('if-match', 'W/"3"'), 400, 'if-match-invalid'],
  ['a stale If-Match', 'POST', start, { body: {}, headers: { 'if-match': '"1"' } }, 412, 'version-differs'],
  ['an If-Match of a version to come', 'POST', start, { body: {}, headers: { 'if-match': '"99"' } }, 412, 'version-differs'],
  ['a correlation that is no UUID', 'POST', pause, header('rollbook-correlation', 'abc'), 400, 'correlation-invalid'],
  ['a position that is no number', 'GET', '/v1/nodes', { headers: { 'rollbook-position': 'x' } }, 400, 'position-invalid'],
  ['a position below 0', 'GET', '/v1/nodes?position=-1', {}, 400, 'position-invalid'],
  ['two positions', 'GET', '/v1/nodes/n-1?position=1&position=2', {}, 400, 'position-invalid'],
  ['a Last-Event-ID that is no position', 'GET', '/v1/events?follow=no', { headers: { 'last-event-id': 'x' } }, 400, 'position-invalid'],
];

const other = Buffer.from(JSON.stringify(['0'.repeat(12), 'n-1'])).toString('base64url');

const queries: Case[] = [
  ['an unknown parameter', 'GET', '/v1/nodes?colour=red', {}, 400, 'request-invalid', 'colour'],
  ['a page of 0', 'GET', '/v1/nodes?limit=0', {}, 400, 'request-invalid', 'limit'],
  ['a page of 501', 'GET', '/v1/nodes?limit=501', {}, 400, 'request-invalid', 'limit'],
  ['a page of half', 'GET', '/v1/nodes?limit=1.5', {}, 400, 'request-invalid', 'limit'],
  ['a page of words', 'GET', '/v1/nodes?limit=many', {}, 400, 'request-invalid', 'limit'],
  ['an unknown state', 'GET', '/v1/rollouts?state=gone', {}, 400, 'request-invalid', 'state'],
  ['an unknown state of nodes', 'GET', '/v1/rollouts/%/nodes?state=gone', {}, 400, 'request-invalid', 'state'],
  ['a cursor that is rubbish', 'GET', '/v1/nodes?cursor=rubbish', {}, 400, 'cursor-invalid'],
  ['an empty cursor', 'GET', '/v1/rollouts?cursor=', {}, 400, 'cursor-invalid'],
  ['a cursor that this API did not make', 'GET', `/v1/nodes?cursor=${other}`, {}, 400, 'cursor-invalid'],
  ['a selector that cannot be read', 'GET', '/v1/nodes?selector=color%3Dred', {}, 422, 'selector-invalid'],
  ['an empty selector', 'GET', '/v1/nodes?selector=', {}, 422, 'selector-invalid'],
  ['an event from behind every number', 'GET', '/v1/events?after=1e20', {}, 400, 'request-invalid', 'after'],
  ['an event from before the first', 'GET', '/v1/events?after=-1', {}, 400, 'request-invalid', 'after'],
  ['neither yes nor no', 'GET', '/v1/events?follow=maybe', {}, 400, 'request-invalid', 'follow'],
  ['the character NUL in a path', 'GET', '/v1/nodes/%00', {}, 400, 'request-malformed'],
  ['the character NUL in a query', 'GET', '/v1/nodes?selector=site%3D%00', {}, 400, 'request-malformed'],
  ['a path that cannot be decoded', 'GET', '/v1/nodes/%ff', {}, 400, 'request-invalid'],
  ['an unknown route', 'GET', '/v1/machines', {}, 404, 'route-unknown'],
  ['a method that a route does not have', 'DELETE', '/v1/nodes/n-1', {}, 404, 'route-unknown'],
  ['a method that a command does not have', 'PUT', '/v1/rollouts', { body: wish }, 404, 'route-unknown'],
];

const enrol = (body: object, secret = enrolmentSecret): Call => ({ body, headers: { authorization: `Bearer ${secret}` } });
const agent = { agent: 'agent-1', publicKey: 'rubbish', channel: 'pull' };

const agents: Case[] = [
  ['an enrolment without the secret', 'POST', '/v1/sites/local/agents', { body: agent }, 401, 'enrolment-refused'],
  ['an enrolment with another secret', 'POST', '/v1/sites/local/agents', enrol(agent, 'guess'), 401, 'enrolment-refused'],
  ['a key that is none', 'POST', '/v1/sites/local/agents', enrol(agent), 422, 'agent-key-invalid'],
  ['a channel that is none', 'POST', '/v1/sites/local/agents', enrol({ ...agent, channel: 'post' }), 400, 'request-invalid', 'channel'],
  ['orders without a pass', 'GET', '/v1/sites/local/orders', {}, 401, 'pass-refused'],
  ['orders with rubbish for a pass', 'GET', '/v1/sites/local/orders', { headers: { 'rollbook-agent': 'rubbish' } }, 401, 'pass-refused'],
  ['reports without a pass', 'POST', '/v1/sites/local/reports', { body: { reports: [] } }, 401, 'pass-refused'],
  ['201 reports', 'POST', '/v1/sites/local/reports', { body: { reports: Array.from({ length: 201 }, () => ({})) } }, 400, 'request-invalid', 'reports'],
  ['reports that are texts', 'POST', '/v1/sites/local/reports', { body: { reports: ['x'] } }, 400, 'request-invalid', 'reports'],
  ['a wait of an hour', 'GET', '/v1/sites/local/orders?wait=3600', {}, 400, 'request-invalid', 'wait'],
  ['a site in capitals', 'GET', '/v1/sites/Local/orders', { headers: { 'rollbook-agent': 'rubbish' } }, 401, 'pass-refused'],
];

// A rest parameter: jest takes a parameter that a row does not fill for its callback.
it.each([...bodies, ...heads, ...queries, ...agents])('refuses %s', async (...[, method, path, call, status, code, field]: Case) => {
  const problem = await expectProblem(service, service.call(method, path.replace(/%(?![0-9a-f])/, rollout), call), status, code);
  if (field === undefined) return;
  const { errors } = problem as unknown as { errors: { field: string; says: string }[] };
  expect(errors.map((error) => error.field)).toContain(field);
  expect(problem.detail).toContain(`${field}: `);
});

it('names each wrong field once and says what it must be', async () => {
  const problem = await expectProblem(service, service.post('/v1/rollouts', { to: 7, nodes: 'all', dryrun: true, product: 'orchat' }), 400, 'request-invalid');
  expect(problem.detail).toBe('dryrun: is not known here; to: must be shorter than or equal to 64 characters; to: must be a string');
});

it('takes a cursor for no list but its own', async () => {
  const { next } = (await service.get('/v1/nodes?limit=1')).body as { next: string };
  expect((await service.get(`/v1/nodes?cursor=${next}`)).status).toBe(200);
  await expectProblem(service, service.get(`/v1/nodes?selector=n-*&cursor=${next}`), 400, 'cursor-invalid');
  await expectProblem(service, service.get(`/v1/products?cursor=${next}`), 400, 'cursor-invalid');
  await expectProblem(service, service.get(`/v1/nodes/n-1/history?cursor=${next}`), 400, 'cursor-invalid');
  await expectProblem(service, service.get(`/v1/rollouts/${rollout}/nodes?cursor=${next}`), 400, 'cursor-invalid');
  await expectProblem(service, service.get(`/v1/rollouts?cursor=${next}`), 400, 'cursor-invalid');
});

it('takes what is left out for what is usual', async () => {
  const answer = await service.post('/v1/rollouts', { ...wish, nodes: 'n-1', strategy: null, dryRun: null });
  expect(answer.body).toMatchObject({ dryRun: false, plan: { strategy: { maxUnavailable: 1, acceptSeconds: 120 } } });
  expect((await service.post('/v1/nodes', { node: 'n-7', site: 'local', product: 'orchat', labels: null })).status).toBe(201);
  await service.project();
  expect((await service.get('/v1/nodes/n-7')).body).toMatchObject({ labels: {} });
});

it('logs none of this as its own fault', () => {
  expect(service.logs.filter((line) => line.level === 'error')).toEqual([]);
});
