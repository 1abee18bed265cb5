import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { json } from 'express';
import { ApiModule } from './api.module.js';
import type { ApiPorts } from './api.module.js';
import { describeApi, serveReference } from './openapi.js';
import { ServiceMetrics } from './service/metrics.js';

/** Bodies of people's requests, in bytes. */
const bodyMax = 256 * 1024;
/** Reports come with the evidence of their steps. */
const reportsMax = 8 * 1024 * 1024;

/** The API over its ports, not yet listening. */
export async function openApi({ tls, ...ports }: ApiPorts & { tls?: { cert: Buffer; key: Buffer } }): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(ApiModule.over(ports), {
    logger: false,
    bodyParser: false,
    abortOnError: false,
    // Streams that are followed and requests that wait for orders would otherwise hold the process open.
    forceCloseConnections: true,
    ...(tls ? { httpsOptions: tls } : {}),
  });
  app.disable('x-powered-by');
  app.use(app.get(ServiceMetrics).middleware());
  app.use(/^\/v1\/sites\/[^/]+\/reports$/, json({ limit: reportsMax }));
  app.use(json({ limit: bodyMax }));
  serveReference(app, describeApi(app));
  return app;
}
