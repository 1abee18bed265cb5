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
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'A token; not needed on this machine in the access mode `loopback`.' })
    .build();
  const document = SwaggerModule.createDocument(app, config, { extraModels: [ProblemView] });
  return { ...document, servers: [{ url: '/' }] };
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
