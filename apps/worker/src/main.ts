import 'reflect-metadata';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { causeChain, endWith, jsonLogger, kafkaSettingsFrom, openPool, readSettings, systemClock, tellReady } from '#platform';
import type { Settings } from '#platform';
import { serviceKey } from './keys.js';
import { WorkerMetrics } from './metrics.js';
import { startWorker } from './worker.js';

const root = resolve(import.meta.dirname, '../../../..');

async function main(): Promise<void> {
  const settings = readSettings();
  const logger = jsonLogger(settings.log, { process: 'worker' });
  if (settings.database === undefined) throw new Error('DATABASE_URL is not set');
  const home = settings.home ?? join(root, '.rollbook');
  const key = serviceKey(settings, home);
  const pool = await openPool({ url: settings.database, name: 'rollbook worker', max: 14, logger });
  const kafka = kafkaSettingsFrom(settings, 'rollbook-worker');
  const topics = { partitions: settings.kafkaPartitions, replication: settings.kafkaReplication };
  const worker = await startWorker({
    pool, clock: systemClock, logger, followers: settings.followers, key, source: '/rollbook',
    outside: { caFile: settings.caFile, allowHttp: settings.allowHttp },
    ...(kafka ? { kafka: { settings: kafka, topics, logger } } : {}),
  });
  const door = serveMetrics(settings, new WorkerMetrics(pool, systemClock));
  endWith(async () => {
    door?.close();
    await worker.stop();
    await pool.end();
  }, logger);
  logger.info('worker is ready', { followers: settings.followers, kafka: kafka !== undefined });
  tellReady();
}

/** Liveness and metrics, where a port is given. */
function serveMetrics({ workerPort, host }: Settings, metrics: WorkerMetrics) {
  if (workerPort === 0) return undefined;
  const server = createServer((request, response) => {
    if (request.url === '/healthz') response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}');
    else if (request.url === '/metrics') {
      metrics.text().then((text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text), () => response.writeHead(500).end());
    } else response.writeHead(404).end();
  });
  return server.listen(workerPort, host);
}

main().catch((error: unknown) => {
  process.stderr.write(`rollbook worker: ${causeChain(error)}\n`);
  process.exit(1);
});
