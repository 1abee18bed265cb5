import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ApiModule } from './api.module.js';
import type { ApiPorts } from './api.module.js';
import { describeApi, serveReference } from './openapi.js';
import { bodyReaders } from './requests/bodies.js';
import { ServiceMetrics } from './service/metrics.js';

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
  for (const reader of bodyReaders()) app.use(reader);
  serveReference(app, describeApi(app));
  return app;
}
