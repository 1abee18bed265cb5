import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { INestApplication } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { ProblemView } from './requests/api-docs.js';

const description = `The book of record for software upgrades.

Commands answer with the position in the ledger that they wrote; a read that names that position (\`Rollbook-Position\`) waits until it is
projected. Every command takes an \`Idempotency-Key\`. Errors are RFC 9457 problems with a stable \`code\` and what to do \`next\`.`;

/** The API's description, OpenAPI 3.1; it is committed as docs/openapi.json. */
export function describeApi(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Rollbook')
    .setDescription(description)
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/')
    .addTag('nodes', 'What the fleet runs, and what happened to each node.')
    .addTag('products', 'Releases, the ways between them, and what is on record for each version.')
    .addTag('policy', 'What plans are judged by, and the exceptions from it.')
    .addTag('rollouts', 'Plan an upgrade of many nodes, see it through, take it back.')
    .addTag('events', 'The ledger as it grows.')
    .addTag('service', 'The service itself: for monitoring and for auditors.')
    .addTag('agents', 'The door for agents that pull their orders; people do not call it.')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'A token; not needed on this machine in the access mode `loopback`.' })
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'The secret that agents enrol with.' }, 'enrolment')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'Rollbook-Agent', description: 'A pass that the agent signed.' }, 'pass')
    .addSecurityRequirements('bearer')
    .build();
  const document = SwaggerModule.createDocument(app, config, { extraModels: [ProblemView] });
  for (const operation of operationsOf(document)) describeAnswers(operation);
  return wholeNumbers(document) as OpenAPIObject;
}

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

function operationsOf(document: OpenAPIObject): Operation[] {
  return Object.values(document.paths).flatMap(({ get, post }) => [get, post].filter((one) => one !== undefined));
}

const phrases: { [status: string]: string } = { 200: 'The answer', 201: 'Recorded', 202: 'Recorded; what follows from it comes by and by' };

/** Every answer of a route that takes a position or a key carries the same marks; said once, no route can forget them. */
function describeAnswers({ parameters = [], responses }: Operation): void {
  const takes = (name: string) => parameters.some((one) => 'name' in one && one.name === name);
  const headers = takes('Rollbook-Position') ? readHeaders : takes('Idempotency-Key') ? commandHeaders : undefined;
  for (const [status, response] of Object.entries(responses)) {
    if (response === undefined || '$ref' in response || !status.startsWith('2')) continue;
    if (response.description === '') response.description = phrases[status] ?? '';
    if (headers) response.headers = headers;
  }
}

const header = (type: 'integer' | 'string', description: string) => ({ description, schema: { type } });
const readHeaders = {
  'Rollbook-Position': header('integer', 'Position of the ledger up to which this answer had come.'),
  'Rollbook-Incomplete-Since': header('integer', 'Only when events had to be set aside: the answer may lack what came since.'),
  ETag: header('string', 'Of one thing: its version, for If-Match. If-None-Match is answered with 304 while nothing changed.'),
};
const commandHeaders = {
  'Rollbook-Position': header('integer', 'Position in the ledger of what the command wrote.'),
  ETag: header('string', 'Version of the stream that was written, for the next If-Match.'),
};

/** This API knows no fractions; the decorators call every number a `number`. */
function wholeNumbers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => (one === 'number' ? 'integer' : wholeNumbers(one)));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, key === 'type' && inner === 'number' ? 'integer' : wholeNumbers(inner)]));
}

/** The reference at `/`: to read, and to try. */
export function serveReference(app: INestApplication, document: OpenAPIObject): void {
  SwaggerModule.setup('/', app, document, {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
    customSiteTitle: 'Rollbook API',
    customCss: '.swagger-ui .topbar { display: none }',
    swaggerOptions: { displayRequestDuration: true, docExpansion: 'list', tryItOutEnabled: true },
  });
}
