import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Access } from '../../apps/api/src/access/access.js';
import { root } from '../houserules/sources.js';
import { TestCertificates, haveOpenssl } from '../support/certificates.js';
import { runProcess } from '../support/machine.js';
import { expectProblem } from '../support/problems.js';
import { TestService } from '../support/service.js';

const node = { node: 'n-1', site: 'local', product: 'orchat' };
const folder = mkdtempSync(join(tmpdir(), 'rollbook-access-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('on this machine', () => {
  let service: TestService;
  let port: string;
  beforeAll(async () => {
    service = await TestService.open();
    port = new URL(service.url).port;
  });
  afterAll(() => service.close());

  it.each(['127.0.0.1', 'localhost', '[::1]', '127.0.0.2'])('lets its people in without a token, also as %s', async (host) => {
    expect((await service.get('/v1/nodes', { host: `${host}:${port}` })).status).toBe(200);
    expect((await service.post('/v1/nodes', node, { host: `${host}:${port}`, origin: `http://${host}:${port}` })).status).toBe(201);
  });

  it.each([
    ['a name that was rebound to this machine', { host: 'evil.example' }],
    ['such a name with our port', { host: 'evil.example:7420' }],
    ['a name that begins like this machine', { host: '127.0.0.1.evil.example' }],
    ['a name that ends like this machine', { host: 'evil.localhost' }],
    ['an address beyond this machine', { host: '10.0.0.1' }],
    ['a page of another site', { origin: 'https://evil.example' }],
    ['a page of another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['a page without an origin, as in a sandboxed frame or a file', { origin: 'null' }],
    ['a page that comes over another scheme to another host', { origin: 'file://' }],
  ])('does what %s wants no more than a stranger', async (_, headers) => {
    await expectProblem(service, service.post('/v1/nodes', { ...node, node: 'evil-1' }, headers), 401, 'caller-not-local');
    await expectProblem(service, service.get('/v1/nodes', headers), 401, 'caller-not-local');
    await expectProblem(service, service.get('/v1/events?follow=no', headers), 401, 'caller-not-local');
  });

  it('knows no request that names no host at all', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write('GET /v1/nodes HTTP/1.0\r\n\r\n'));
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.once('error', reject);
      socket.once('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('gives no page of another site leave to read or to send JSON', async () => {
    for (const [method, path] of [['OPTIONS', '/v1/rollouts'], ['GET', '/v1/nodes'], ['GET', '/healthz']] as const) {
      const answer = await service.call(method, path, { headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' } });
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
    // What a form or a plain fetch can send without being asked is not JSON.
    await expectProblem(service, service.call('POST', '/v1/nodes', { raw: JSON.stringify(node), headers: { 'content-type': 'text/plain', origin: 'https://evil.example' } }), 400, 'content-type-invalid');
  });

  it('writes one pseudonym for whoever works here, and keeps it', () => {
    const operatorFile = join(folder, 'keys/operator.ref');
    const open = () => new Access({ auth: 'loopback', tokensFile: undefined, operatorFile });
    const request = { headers: { host: '127.0.0.1' }, socket: { remoteAddress: '::ffff:127.0.0.1' } } as never;
    const { actor } = open().callerOf(request);
    expect(actor.ref).toMatch(/^[0-9a-f-]{36}$/);
    expect(open().callerOf(request).actor).toEqual(actor);
    expect(readFileSync(operatorFile, 'utf8')).toBe(actor.ref);
  });

  it('lets nobody in from beyond, whatever host they name', () => {
    const access = new Access({ auth: 'loopback', tokensFile: undefined, operatorFile: join(folder, 'keys/operator.ref') });
    expect(() => access.callerOf({ headers: { host: '127.0.0.1' }, socket: { remoteAddress: '10.0.0.7' } } as never)).toThrow('shows another host or origin');
  });
});

describe('with tokens', () => {
  const token = { operator: 'the-token-of-an-operator', reader: 'the-token-of-a-reader' };
  const tokens = Object.entries(token).map(([role, text]) => ({ sha256: createHash('sha256').update(text).digest('hex'), ref: `ref-of-${role}`, role }));
  const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.open({ tokens });
  });
  afterAll(() => service.close());

  it('lets an operator read and command, and writes down who it was', async () => {
    expect((await service.post('/v1/nodes', node, bearer(token.operator))).status).toBe(201);
    await service.project();
    const history = await service.get('/v1/nodes/n-1/history', { authorization: `bearer  ${token.operator} ` });
    expect(history.body).toMatchObject({ items: [{ type: 'node.registered', actor: 'person:ref-of-operator' }] });
  });

  it('lets a reader read, and command nothing', async () => {
    for (const path of ['/v1/nodes', '/v1/rollouts', '/v1/ledger', '/v1/events?follow=no']) expect((await service.get(path, bearer(token.reader))).status).toBe(200);
    for (const path of ['/v1/nodes', '/v1/rollouts', '/v1/rollouts/r-1/start', '/v1/rollouts/r-1/abort']) {
      await expectProblem(service, service.post(path, node, bearer(token.reader)), 403, 'role-too-small');
    }
  });

  it.each([
    ['no token', {}, 'token-missing'],
    ['another token', bearer('guess'), 'token-unknown'],
    ['the hash of a token', bearer(tokens[0]!.sha256), 'token-unknown'],
    ['an empty token', bearer(''), 'token-missing'],
    ['a password', { authorization: 'Basic cm9vdDpyb290' }, 'token-missing'],
    ['being on this machine', { host: '127.0.0.1', origin: 'http://127.0.0.1' }, 'token-missing'],
  ])('lets nobody in for %s, and says how to come in', async (_, headers, code) => {
    await expectProblem(service, service.get('/v1/nodes', headers), 401, code);
    await expectProblem(service, service.post('/v1/nodes', node, headers), 401, code);
    expect((await service.get('/v1/nodes', headers)).headers['www-authenticate']).toBe('Bearer');
  });

  it('asks monitoring and readers of the reference for none', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json', '/']) expect([path, (await service.get(path)).status]).toEqual([path, 200]);
  });

  it.each([
    ['a token in the clear', 'my-token ann operator'],
    ['an unknown role', `${'0'.repeat(64)} ann admin`],
    ['no name', `${'0'.repeat(64)} operator`],
  ])('does not start with a file that holds %s, and names the line and not the token', (_, line) => {
    const tokensFile = join(folder, 'tokens');
    writeFileSync(tokensFile, `# who may call\n\n${line}\n`);
    const open = () => new Access({ auth: 'token', tokensFile, operatorFile: '' });
    expect(open).toThrow(`${tokensFile}:3: must be a SHA-256 in hex`);
    expect(open).not.toThrow('my-token');
  });
});

it.each([
  ['listens beyond this machine without tokens', { ROLLBOOK_HOST: '0.0.0.0' }, 'ROLLBOOK_AUTH=loopback lets anybody in'],
  ['asks for tokens and has none', { ROLLBOOK_AUTH: 'token' }, 'set ROLLBOOK_TOKENS_FILE'],
  ['has half of what TLS needs', { ROLLBOOK_TLS_CERT_FILE: '/nowhere' }, 'ROLLBOOK_TLS_KEY_FILE go together'],
])('does not start when it %s', async (_, more, says) => {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ROLLBOOK_')));
  const ended = await runProcess(process.execPath, [join(root, 'dist/apps/api/src/main.js')], {
    ...inherited, DATABASE_URL: process.env['ROLLBOOK_TEST_POSTGRES']!, ROLLBOOK_HOME: folder, ROLLBOOK_PORT: '0', ...more,
  });
  expect([ended.code, ended.stderr]).toEqual([1, expect.stringContaining(says)]);
});

(haveOpenssl ? describe : describe.skip)(`over TLS${haveOpenssl ? '' : ' (skipped: there is no openssl)'}`, () => {
  let certificates: TestCertificates;
  let service: TestService;
  beforeAll(async () => {
    certificates = new TestCertificates();
    service = await TestService.open({ tls: certificates.tls });
  });
  afterAll(async () => {
    await service.close();
    certificates.remove();
  });

  it('answers who trusts its authority, streams included', async () => {
    const { ca } = certificates;
    expect((await service.call('POST', '/v1/nodes', { ca, body: node })).status).toBe(201);
    expect((await service.call('POST', '/v1/nodes', { ca, body: node, headers: { origin: service.url } })).status).toBe(201);
    expect((await service.call('GET', '/v1/events?follow=no', { ca })).text).toContain('node.registered');
  });

  it('is refused by who does not, and speaks no plain HTTP', async () => {
    await expect(service.get('/healthz')).rejects.toThrow(/self-signed|unable to/i);
    const plain = fetch(service.url.replace('https:', 'http:') + '/healthz');
    await expect(plain).rejects.toThrow('fetch failed');
  });
});
