import fc from 'fast-check';
import { ImportCatalogue } from '#commands';
import { digestOf } from '#ledger';
import { newId, systemClock } from '#platform';
import { projections, rebuild } from '#projections';
import { defaultPolicy } from '#domain';
import { catalogue, release } from '../support/given.js';
import { expectProblem } from '../support/problems.js';
import { productFile } from '../support/product-files.js';
import { TestService } from '../support/service.js';
import { Simulation } from '../support/simulation.js';

let service: TestService;
let fleet: Simulation;

beforeAll(async () => {
  service = await TestService.open();
  fleet = new Simulation({ bus: service.bus, book: service.book, reader: service.reader, clock: systemClock });
  await fleet.importCatalogue();
  await importPump();
  await service.project();
});
afterAll(() => service.close());

/** A product whose newest release is past its support, and whose others are not. */
async function importPump(): Promise<void> {
  const releases = [
    release('v0.5.0', { released: '2020-01-01' }), release('v0.6.0', { released: '2020-02-01', activeSupportEnds: '2021-01-01' }),
    release('v0.7.0', { released: '2020-03-01', supportEnds: '2022-01-01' }),
  ];
  const outcome = await service.bus.execute(new ImportCatalogue({ command: newId(), actor: { kind: 'service', ref: 'test' } }, catalogue({ product: 'pump', name: 'Pump', releases })));
  expect(outcome).toMatchObject({ ok: true });
  for (const [node, version] of [['p-5', 'v0.5.0'], ['p-6', 'v0.6.0']] as const) {
    await fleet.announce(node, version, {}, 'pump');
  }
}

type Row = { version: string; support: string; marks: { mark: string; reason: string }[] };
const read = async (path: string) => (await service.get(path)).body as { [field: string]: unknown };
const supports = async (product: string, asOf: string) => Object.fromEntries(((await read(`/v1/products/${product}?asOf=${asOf}`))['releases'] as Row[]).map((one) => [one.version, one.support]));
const plan = (to: string, nodes: string, more: object = {}) => service.post('/v1/rollouts', { product: 'pump', to, nodes, dryRun: true, ...more });
const hence = (days: number) => new Date(Date.parse(systemClock.now()) + days * 86_400_000).toISOString();

describe('the matrix of a product', () => {
  it('is told for any day, with what comes next', async () => {
    expect(await supports('orchat', '2026-01-16')).toEqual({
      'v0.8.0': 'scheduled', 'v0.7.0': 'current', 'v0.6.2': 'supported', 'v0.6.0': 'supported', 'v0.5.0': 'deprecated', 'v0.4.0': 'end-of-life', 'v0.3.0': 'end-of-life',
    });
    expect(await supports('orchat', '2026-04-02')).toMatchObject({ 'v0.8.0': 'current', 'v0.7.0': 'supported', 'v0.6.2': 'end-of-life' });
    expect(await read('/v1/products/orchat?asOf=2026-01-16')).toMatchObject({ asOf: '2026-01-16', managed: true, next: { version: 'v0.8.0', on: '2026-02-15' }, requires: [], cycles: [] });
    expect(await read('/v1/products/orchat?asOf=2026-02-15')).toMatchObject({ next: null });
  });

  it('is told for today when no day is named', async () => {
    expect(await read('/v1/products/orchat')).toMatchObject({ asOf: systemClock.now().slice(0, 10) });
    await expectProblem(service, service.get('/v1/products/orchat?asOf=today'), 400, 'request-invalid');
    await expectProblem(service, service.get('/v1/products/orchat?asOf=2026-13-01'), 400, 'request-invalid');
  });

  it('is exported as JSON and as CSV', async () => {
    const json = await read('/v1/products/orchat/matrix?asOf=2026-01-16');
    expect(json).toMatchObject({ product: 'orchat', name: 'ORCHAT', asOf: '2026-01-16', next: { version: 'v0.8.0' } });
    const csv = await service.get('/v1/products/orchat/matrix?asOf=2026-01-16&format=csv');
    expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8');
    const [head, ...lines] = csv.text.trimEnd().split('\r\n');
    expect(head).toBe('product,as_of,version,support,released,scheduled,active_support_ends,support_ends,label,lts,latest,breaking,marks');
    expect(lines).toEqual([
      'orchat,2026-01-16,v0.8.0,scheduled,,2026-02-15,,,,,,,', 'orchat,2026-01-16,v0.7.0,current,2026-01-16,,,,,,,Engineering Freeze,',
      'orchat,2026-01-16,v0.6.2,supported,,,,2026-04-01,,,,,', 'orchat,2026-01-16,v0.6.0,supported,,,,2026-04-01,,,,Metrics API v2,',
      'orchat,2026-01-16,v0.5.0,deprecated,,,2026-01-15,2026-02-01,,,,Config schema v3,', 'orchat,2026-01-16,v0.4.0,end-of-life,,,,2026-01-01,,,,History format v2,',
      'orchat,2026-01-16,v0.3.0,end-of-life,,,,2025-12-01,,,,Initial release,',
    ]);
    await expectProblem(service, service.get('/v1/products/orchat/matrix?format=xml'), 400, 'request-invalid');
    await expectProblem(service, service.get('/v1/products/none/matrix'), 404, 'product-unknown');
  });
});

describe('an imported life cycle', () => {
  const file = (...cycles: string[]) => `---\ntitle: Valve, "the" valve\npermalink: /valve\nreleases:\n${cycles.map((one) => `  - { ${one} }\n`).join('')}---\n`;
  const [two, one] = ['releaseCycle: "2.10", releaseDate: 2024-01-01, eol: false, lts: true', 'releaseCycle: 1-lts, releaseDate: 2022-01-01, eol: 2024-06-30'];
  const put = (text: string, name = 'valve.md') => service.post('/v1/products/imports', { file: name, text });

  it('is recorded, listed and judged', async () => {
    expect((await put(file(two, one))).body).toMatchObject({ product: 'valve', releases: 2, written: true });
    await service.project();
    expect(await supports('valve', '2024-06-30')).toEqual({ '2.10': 'current', '1-lts': 'supported' });
    expect(await supports('valve', '2024-07-01')).toEqual({ '2.10': 'current', '1-lts': 'end-of-life' });
    expect(await supports('valve', '2023-12-31')).toEqual({ '2.10': 'scheduled', '1-lts': 'current' });
    expect(await read('/v1/products/valve?asOf=2023-01-01')).toMatchObject({ name: 'Valve, "the" valve', managed: false, next: { version: '2.10', on: '2024-01-01' }, paths: [] });
    const { items } = (await read('/v1/products')) as { items: { product: string }[] };
    expect(items).toContainEqual({ product: 'valve', name: 'Valve, "the" valve', managed: false, releases: 2, latest: '2.10' });
    expect((await service.get('/v1/products/valve/matrix?asOf=2024-07-01&format=csv')).text).toContain('valve,2024-07-01,2.10,current,2024-01-01,,,,,true,,,\r\n');
  });

  it('is recorded once; what changed is recorded as amended', async () => {
    const before = await service.size();
    expect((await put(file(one, two))).body).toMatchObject({ written: false });
    expect(await service.size()).toBe(before);
    const amended = await put(file(two, one.replace('2024-06-30', '2025-06-30')));
    expect([amended.body, await service.size()]).toMatchObject([{ written: true }, before + 1]);
    await service.project();
    expect(await supports('valve', '2024-07-01')).toMatchObject({ '1-lts': 'supported' });
    const [event] = await service.reader.readStream('lifecycle/valve', 2);
    expect(event!.type).toBe('lifecycle.cycles-amended');
  });

  it('of many releases takes as many events as it needs', async () => {
    const cycles = Array.from({ length: 600 }, (_, i) => `releaseCycle: galaxy-${i}, releaseDate: 2024-01-01, eol: false, link: https://example.org/${'x'.repeat(120)}`);
    expect((await put(file(...cycles).replace('/valve', '/phones'))).body).toMatchObject({ product: 'phones', releases: 600 });
    await service.project();
    expect(Object.keys(await supports('phones', '2024-01-01'))).toHaveLength(600);
  });

  it('of hundreds of products, however their files are written, is recorded once', async () => {
    const made = fc.sample(productFile, { numRuns: 1_000, seed: 20260116 });
    const files = [...new Map(made.map((one) => [one.product, one])).values()].slice(0, 460);
    expect(files).toHaveLength(460);
    const all = async () => {
      const answers = await Promise.all(files.map(({ name, text }) => put(text, name)));
      return answers.map(({ status, body }) => [status, (body as { releases: number }).releases]);
    };
    expect(await all()).toEqual(files.map(({ cycles }) => [200, cycles.length]));
    const before = await service.size();
    await all();
    expect(await service.size()).toBe(before);
  }, 60_000);

  it('is refused with the line and the field, and nothing of it is recorded', async () => {
    const problem = await expectProblem(service, put(file(two, one.replace('2024-06-30', 'soon')), 'a/valve.md'), 422, 'file-invalid');
    expect(problem).toMatchObject({ file: 'a/valve.md', errors: [{ line: 6, field: 'releases[1].eol', says: 'must be a day like 2026-01-16, true or false' }] });
    await expectProblem(service, service.post('/v1/products/imports', { file: 'x.md' }), 400, 'request-invalid');
  });

  it('stands beside the releases of a product that has some here', async () => {
    await put(file(two).replace('/valve', '/pump'));
    await service.project();
    expect(await read('/v1/products/pump?asOf=2021-06-01')).toMatchObject({ managed: true, name: 'Pump', releases: [{ version: 'v0.7.0' }, { version: 'v0.6.0' }, { version: 'v0.5.0' }], cycles: [{ version: '2.10', support: 'scheduled' }] });
  });

  it('is nothing that a rollout could be planned by', async () => {
    await expectProblem(service, service.post('/v1/rollouts', { product: 'valve', to: '2.10', nodes: 'all' }), 409, 'product-not-managed');
  });
});

describe('a plan under the policy', () => {
  it('warns of a deprecated target, and names the policy', async () => {
    const answer = await plan('v0.6.0', 'p-5');
    expect(answer.body).toMatchObject({
      plan: { policyDigest: digestOf(defaultPolicy), exceptions: [], warnings: [{ code: 'target-deprecated', says: 'pump v0.6.0 is deprecated: its active support ended on 2021-01-01' }] },
    });
  });

  it('is refused for a target at its end of life, until an exception is granted, and again when that is withdrawn', async () => {
    await expectProblem(service, plan('v0.7.0', 'p-6'), 409, 'target-end-of-life');
    const granted = await service.post('/v1/policy/exceptions', { rule: 'targets.endOfLife', product: 'pump', reason: 'the vendor still helps us', until: hence(1) });
    const { exception } = granted.body as { exception: string };
    expect([granted.status, exception]).toEqual([201, expect.stringMatching(/^x-[0-9a-z]{8}$/)]);
    expect((await plan('v0.7.0', 'p-6')).body).toMatchObject({ plan: { exceptions: [exception], warnings: [{ code: 'target-end-of-life' }] } });
    const planned = (await plan('v0.7.0', 'p-6', { dryRun: false })).body as { rollout: string };
    await service.project();
    expect(await read(`/v1/rollouts/${planned.rollout}`)).toMatchObject({ policyDigest: digestOf(defaultPolicy), exceptions: [exception], warnings: [{ code: 'target-end-of-life' }] });
    expect(await read('/v1/policy')).toMatchObject({
      digest: digestOf(defaultPolicy), adopted: false, policy: { targets: { endOfLife: 'refuse' } },
      exceptions: [{ id: exception, rule: 'targets.endOfLife', scope: { product: 'pump', version: null, node: null, rollout: null }, holds: true }],
    });
    expect((await service.post(`/v1/policy/exceptions/${exception}/withdraw`, { reason: 'not needed' })).status).toBe(200);
    await expectProblem(service, plan('v0.7.0', 'p-6'), 409, 'target-end-of-life');
    await expectProblem(service, service.post(`/v1/policy/exceptions/${exception}/withdraw`, { reason: 'again' }), 404, 'exception-unknown');
  });

  it.each<[object, number, string]>([
    [{ rule: 'targets.ancient', product: 'pump' }, 422, 'rule-unknown'], [{ rule: 'targets.vetoed' }, 422, 'exception-boundless'],
    [{ rule: 'targets.vetoed', product: 'pump', until: '2020-01-01T00:00:00.000Z' }, 422, 'exception-expired'],
    [{ rule: 'targets.vetoed', product: 'pump', until: 'tomorrow' }, 400, 'request-invalid'],
  ])('has no exception like %j', async (body, status, code) => {
    await expectProblem(service, service.post('/v1/policy/exceptions', { reason: 'so', until: hence(1), ...body }), status, code);
  });
});

describe('a mark on a release', () => {
  const mark = (version: string, body: object) => service.post(`/v1/products/pump/releases/${version}/marks`, { reason: 'it leaks', ...body });
  const marks = async (version: string) => {
    await service.project();
    return ((await read('/v1/products/pump'))['releases'] as Row[]).find((one) => one.version === version)!.marks.map((one) => [one.mark, one.reason]);
  };

  it('as bad refuses plans to it until it is taken off', async () => {
    expect((await mark('v0.6.0', { mark: 'bad', until: hence(1) })).body).toMatchObject({ written: true });
    expect(await marks('v0.6.0')).toEqual([['bad', 'it leaks']]);
    const problem = await expectProblem(service, plan('v0.6.0', 'p-5'), 409, 'target-vetoed');
    expect(problem.detail).toBe('pump v0.6.0 is marked as bad: it leaks');
    await service.post('/v1/products/pump/releases/v0.6.0/unmark', { mark: 'bad', reason: 'it was the pipe' });
    expect(await marks('v0.6.0')).toEqual([]);
    expect((await plan('v0.6.0', 'p-5')).status).toBe(200);
  });

  it('as pinned refuses plans to all others', async () => {
    await mark('v0.5.0', { mark: 'pinned' });
    const problem = await expectProblem(service, plan('v0.6.0', 'p-5'), 409, 'target-not-pinned');
    expect(problem.detail).toBe('pump is pinned to v0.5.0, not v0.6.0: it leaks');
    await service.post('/v1/products/pump/releases/v0.5.0/unmark', { mark: 'pinned', reason: 'go on' });
  });

  it.each<[string, object, number, string]>([
    ['v9.9.9', { mark: 'bad' }, 422, 'version-unknown'], ['v0.6.0', { mark: 'good' }, 400, 'request-invalid'],
    ['v0.6.0', { mark: 'bad', until: '2020-01-01T00:00:00.000Z' }, 422, 'mark-expired'], ['v0.6.0', { mark: 'bad', reason: '' }, 400, 'request-invalid'],
  ])('of %s as %j is refused', async (version, body, status, code) => {
    await expectProblem(service, mark(version, body), status, code);
  });
});

it('is the same when its read model is built anew', async () => {
  await service.project();
  for (const one of projections) {
    expect(await rebuild(service.workerPool, service.reader, one, { checkOnly: true })).toMatchObject({ projection: one.name, differing: 0, parked: 0 });
  }
});
