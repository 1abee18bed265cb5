import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../houserules/sources.js';
import { TestService } from '../support/service.js';

interface Operation {
  operationId?: string;
  summary?: string;
  parameters?: { name: string; in: string; required?: boolean; schema?: object }[];
  requestBody?: object;
  responses: { [status: string]: { description: string; content?: { [type: string]: { schema: object } }; headers?: object } };
  security?: { [scheme: string]: string[] }[];
  tags?: string[];
}

type Described = {
  openapi: string;
  paths: { [path: string]: { [method: string]: Operation } };
  tags: { name: string; description: string }[];
  security: object[];
  components: { schemas: { [name: string]: object }; securitySchemes: object };
};

let service: TestService;
let served: Described;
let operations: { name: string; path: string; method: string; operation: Operation }[];

beforeAll(async () => {
  service = await TestService.open();
  served = (await service.get('/openapi.json')).body;
  operations = Object.entries(served.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, path, method, operation })),
  );
});
afterAll(() => service.close());

/** Every object inside a value, with where it lies. */
function* objectsIn(value: unknown, at = '#'): Generator<[at: string, object: { [key: string]: unknown }]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield [at, value as { [key: string]: unknown }];
  for (const [key, inner] of Object.entries(value)) yield* objectsIn(inner, `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
}

const offenders = (wrong: (one: (typeof operations)[number]) => boolean) => operations.filter(wrong).map(({ name }) => name);
const headersOf = (operation: Operation) => (operation.parameters ?? []).filter((one) => one.in === 'header').map(({ name }) => name);

it('is committed as the API serves it; `npm run openapi` writes it anew', () => {
  const committed = readFileSync(join(root, 'docs/openapi.json'), 'utf8');
  if (committed !== `${JSON.stringify(served, null, 2)}\n`) {
    // The difference where it lies, instead of two documents of two thousand lines.
    expect({ 'docs/openapi.json (run `npm run openapi`)': JSON.parse(committed) as object }).toEqual({ 'docs/openapi.json (run `npm run openapi`)': served });
    throw new Error('docs/openapi.json is written otherwise than `npm run openapi` writes it');
  }
});

it('describes every route that answers, and no other', async () => {
  const routes = (service.app.getHttpAdapter().getInstance() as { router: { stack: { route?: { path: string; methods: { [method: string]: boolean } } }[] } }).router.stack
    .flatMap(({ route }) => (route ? Object.keys(route.methods).map((method) => `${method.toUpperCase()} ${route.path.replace(/:(\w+)/g, '{$1}')}`) : []))
    .filter((name) => / \/(v1\/|healthz|readyz|metrics)/.test(name));
  expect(routes.length).toBeGreaterThan(20);
  expect(operations.map(({ name }) => name).sort()).toEqual([...new Set(routes)].sort());
  expect((await service.get('/openapi.yaml')).text).toContain('openapi: 3.1.0');
});

it('names every operation once, says what it does, and puts it under a group that is explained', () => {
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(operations.length);
  expect(offenders(({ operation }) => !/^[a-z]\w+$/.test(operation.operationId ?? '') || !operation.summary)).toEqual([]);
  const groups = served.tags.filter(({ description }) => description !== '').map(({ name }) => name);
  expect(offenders(({ operation }) => !operation.tags?.every((tag) => groups.includes(tag)))).toEqual([]);
});

it('says of every operation that it may answer with a problem, and what else it answers with', () => {
  expect(offenders(({ operation }) => operation.responses['default']?.content?.['application/problem+json'] === undefined)).toEqual([]);
  const good = (operation: Operation) => Object.entries(operation.responses).filter(([status]) => status.startsWith('2')).map(([, response]) => response);
  expect(offenders(({ operation }) => good(operation).length === 0 || good(operation).some(({ description, content }) => description === '' || content === undefined))).toEqual([]);
});

it('offers every command of people an Idempotency-Key and If-Match, and says that the answer has a position', () => {
  const commands = operations.filter(({ method, path }) => method === 'post' && !path.startsWith('/v1/sites/'));
  expect(commands).toHaveLength(17);
  for (const { operation } of commands) {
    expect(headersOf(operation)).toEqual(expect.arrayContaining(['Idempotency-Key', 'If-Match', 'Rollbook-Correlation']));
    const [answer] = Object.entries(operation.responses).find(([status]) => status.startsWith('2'))!.slice(1) as [Operation['responses'][string]];
    expect(Object.keys(answer.headers ?? {})).toEqual(['Rollbook-Position', 'ETag']);
  }
});

it('offers every read of a read model to wait for a position', () => {
  const reads = operations.filter(({ method, path }) => method === 'get' && /^\/v1\/(nodes|products|rollouts)/.test(path));
  expect(reads).toHaveLength(12);
  expect(reads.filter(({ operation }) => !headersOf(operation).includes('Rollbook-Position')).map(({ name }) => name)).toEqual([]);
});

it('asks for a token everywhere but where agents or monitoring come', () => {
  const open = offenders(({ operation }) => operation.security?.length === 0);
  expect(open).toEqual(['GET /healthz', 'GET /readyz', 'GET /metrics']);
  const agents = operations.filter(({ operation }) => (operation.security?.length ?? 0) > 0);
  expect(agents.map(({ name, operation }) => [name, Object.keys(operation.security![0]!)])).toEqual([
    ['POST /v1/sites/{site}/agents', ['enrolment']], ['GET /v1/sites/{site}/orders', ['pass']], ['POST /v1/sites/{site}/reports', ['pass']],
  ]);
  expect(served.security).toEqual([{ bearer: [] }]);
  expect(Object.keys(served.components.securitySchemes)).toEqual(['bearer', 'enrolment', 'pass']);
});

describe('as OpenAPI 3.1 wants it', () => {
  const types = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];

  it('says null by a type, and knows none of the words of 3.0', () => {
    expect(served.openapi).toBe('3.1.0');
    const wrong = [...objectsIn(served)].filter(([, one]) => 'nullable' in one || typeof one['exclusiveMinimum'] === 'boolean' || typeof one['exclusiveMaximum'] === 'boolean');
    expect(wrong.map(([at]) => at)).toEqual([]);
    expect(served.components.schemas['NodeView']).toMatchObject({ properties: { version: { type: ['string', 'null'] } } });
    const listed = [...objectsIn(served.components.schemas)].filter(([, one]) => Array.isArray(one['enum']) && Array.isArray(one['type']));
    expect(listed.filter(([, one]) => !(one['enum'] as unknown[]).includes(null)).map(([at]) => at)).toEqual([]);
  });

  it('uses types that there are, and whole numbers', () => {
    const schemas = [...objectsIn(served)].filter(([at, one]) => 'type' in one && /\/(schema|schemas|properties|items|additionalProperties)(\/[^/]+)?$/.test(at) && !/\/properties$/.test(at));
    expect(schemas.length).toBeGreaterThan(100);
    const wrong = schemas.filter(([, { type }]) => ![type].flat().every((one) => types.includes(one as string) && one !== 'number'));
    expect(wrong.map(([at]) => at)).toEqual([]);
  });

  it('has no reference that leads nowhere, and no schema that nothing refers to', () => {
    const refs = [...objectsIn(served)].flatMap(([, one]) => (typeof one['$ref'] === 'string' ? [one['$ref']] : []));
    const names = Object.keys(served.components.schemas).map((name) => `#/components/schemas/${name}`);
    expect([...new Set(refs)].filter((ref) => !names.includes(ref))).toEqual([]);
    expect(names.filter((name) => !refs.includes(name))).toEqual([]);
  });

  it('declares each parameter once, and exactly those that stand in the path', () => {
    for (const { name, path, operation } of operations) {
      const parameters = (operation.parameters ?? []).map((one) => `${one.in} ${one.name.toLowerCase()}`);
      expect([name, parameters]).toEqual([name, [...new Set(parameters)]]);
      const inPath = (operation.parameters ?? []).filter((one) => one.in === 'path' && one.required).map((one) => one.name);
      expect([name, inPath]).toEqual([name, [...path.matchAll(/\{(\w+)\}/g)].map(([, found]) => found)]);
      expect(headersOf(operation).filter((header) => /^(accept|content-type|authorization)$/i.test(header))).toEqual([]);
    }
  });

  it('requires only properties that it describes', () => {
    const required = [...objectsIn(served.components.schemas)].filter(([, one]) => Array.isArray(one['required'])) as [string, { required: string[]; properties?: object }][];
    expect(required.filter(([, one]) => !one.required.every((name) => Object.keys(one.properties ?? {}).includes(name))).map(([at]) => at)).toEqual([]);
  });
});
