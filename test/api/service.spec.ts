import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresBlobs } from '#ledger';
import { applySchema, grantLogin, startLocalPostgres } from '#platform';
import type { LocalPostgres } from '#platform';
import { allSchemaChanges, projections } from '#projections';
import { open } from '../support/http.js';
import { expectProblem } from '../support/problems.js';
import type { Problem } from '../support/problems.js';
import { TestService } from '../support/service.js';
import { StreamReader } from '../support/streams.js';
import { until } from '../support/until.js';

describe('the service', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.open();
    await service.register(['n-1', 'n-2']);
  });
  afterAll(() => service.close());

  it('is alive and ready', async () => {
    expect(await service.get('/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await service.get('/readyz')).toMatchObject({ status: 200, body: { status: 'ok' } });
  });

  it('says how long the ledger is and who is behind, those that never ran by all of it', async () => {
    const ledger = (await service.get('/v1/ledger')).body as { size: number; lag: { [follower: string]: number } };
    const followers = projections.map(({ name }) => `projection:${name}`);
    expect(ledger).toEqual({ size: 2, lag: { ...Object.fromEntries(followers.map((name) => [name, 0])), publisher: 2, conductor: 2 } });
  });

  it('tells Prometheus of requests by route, of the ledger and of its followers', async () => {
    await service.get('/v1/nodes/n-1');
    await service.get('/v1/nodes/nobody');
    await service.get('/v1/rubbish/of/a/stranger');
    const { headers, text } = await service.get('/metrics');
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    const value = (line: string) => Number(new RegExp(`^${line.replace(/[{}"()\\/:.*+?]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1]);
    expect(value('rollbook_ledger_events')).toBe(2);
    expect(value('rollbook_postgres_up')).toBe(1);
    expect(value('rollbook_follower_lag_events{follower="projection:fleet"}')).toBe(0);
    expect(value('rollbook_follower_lag_events{follower="conductor"}')).toBe(2);
    expect(value('rollbook_http_request_seconds_count{method="GET",route="/v1/nodes/:node",status="200"}')).toBe(1);
    expect(value('rollbook_http_request_seconds_count{method="GET",route="/v1/nodes/:node",status="404"}')).toBe(1);
    expect(value('rollbook_http_request_seconds_count{method="GET",route="none",status="404"}')).toBe(1);
    expect(value('process_resident_memory_bytes')).toBeGreaterThan(1e6);
    // What a caller makes up would be a new series each time.
    expect(text).not.toMatch(/nobody|stranger|n-1/);
    for (const [, name] of text.matchAll(/^(rollbook_\w+?)(?:_bucket|_sum|_count)?[{ ]/gm)) expect(text).toContain(`# HELP ${name}`);
  });
});

describe('evidence', () => {
  let service: TestService;
  let digest: string;
  // What a step printed may be anything, a page with a script among it, or no text at all.
  const bytes = Buffer.concat([Buffer.from('<script>alert(1)</script>\n'), Buffer.from([0xff, 0xfe, 0x00, 0x80])]);
  beforeAll(async () => {
    service = await TestService.open();
    digest = await new PostgresBlobs(service.pool).put(bytes);
  });
  afterAll(() => service.close());

  it('is given back byte for byte, and as nothing that a browser would run', async () => {
    const answer = await open(service.url, 'GET', `/v1/evidence/${digest}`);
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    expect(answer.headers).toMatchObject({
      'content-type': expect.stringMatching(/^text\/plain/) as string, 'x-content-type-options': 'nosniff', 'cache-control': 'private, max-age=31536000, immutable',
    });
  });

  it.each([['0'.repeat(64)], ['rubbish'], ['..%2f..%2fetc%2fpasswd'], ['A'.repeat(64)]])('is not found under %s', async (name) => {
    await expectProblem(service, service.get(`/v1/evidence/${name}`), 404, 'evidence-unknown');
  });
});

describe('when PostgreSQL is gone', () => {
  const dir = mkdtempSync(join(tmpdir(), 'rollbook-gone-'));
  let postgres: LocalPostgres;
  let service: TestService;

  beforeAll(async () => {
    chmodSync(dir, 0o711);
    postgres = await startLocalPostgres({ dir: join(dir, 'postgres'), fast: true });
    await applySchema(postgres.adminUrl, allSchemaChanges);
    const url = (user: string) => Object.assign(new URL(postgres.adminUrl), { username: user, password: user }).href;
    await grantLogin(postgres.adminUrl, { name: 'an_api', password: 'an_api', groups: ['rollbook_app'] });
    await grantLogin(postgres.adminUrl, { name: 'a_worker', password: 'a_worker', groups: ['rollbook_app', 'rollbook_rolls'] });
    const database = { name: 'postgres', admin: postgres.adminUrl, app: url('an_api'), worker: url('a_worker'), drop: () => Promise.resolve() };
    service = await TestService.open({ database });
    await service.register(['n-1']);
  }, 60_000);
  afterAll(async () => {
    await service?.close();
    await postgres?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('is alive and not ready, breaks streams off, refuses with a time to come again, and is back by itself', async () => {
    const register = () => service.post('/v1/nodes', { node: 'n-2', site: 'local', product: 'orchat' }, { 'idempotency-key': 'k' });
    const stream = new StreamReader(await open(service.url, 'GET', '/v1/events?after=0'), '\n\n');
    expect((await stream.event()).id).toBe(1);
    await postgres.stop();
    // A reader must learn of it, to come back with what it read last.
    await expect(stream.event()).rejects.toThrow();
    expect((await service.get('/healthz')).status).toBe(200);
    const ready = await service.get('/readyz');
    expect([ready.status, (ready.body as Problem).code, ready.headers['retry-after']]).toEqual([503, 'not-ready', '1']);
    for (const answer of await Promise.all([service.get('/v1/nodes'), service.get('/v1/events'), register()])) {
      expect([answer.status, (answer.body as Problem).code, answer.headers['retry-after']]).toEqual([503, 'ledger-unavailable', '1']);
      expect(answer.text).not.toMatch(/ECONNREFUSED|an_api/);
    }
    const { text } = await service.get('/metrics');
    expect(text).toMatch(/^rollbook_postgres_up 0$/m);
    expect(text).not.toMatch(/^rollbook_(ledger_events|follower_lag_events|parked_keys)[{ ]/m);
    postgres = await startLocalPostgres({ dir: join(dir, 'postgres'), port: postgres.port, fast: true });
    await until(async () => (await service.get('/readyz')).status === 200, 10_000);
    expect((await register()).body).toMatchObject({ position: 2, repeated: false });
    expect((await service.get('/metrics')).text).toMatch(/^rollbook_ledger_events 2\n[^]*^rollbook_postgres_up 1$/m);
  }, 60_000);
});
