import 'reflect-metadata';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { causeChain, endWith, isLoopback, jsonLogger, openDataSource, openPool, readSettings, systemClock, tellReady } from '#platform';
import type { Settings } from '#platform';
import { entities } from '#projections';
import { Access } from './access/access.js';
import { openApi } from './api.js';
import { importCatalogues } from './catalogues.js';
import { adoptPolicyFile } from './policy-file.js';

const root = resolve(import.meta.dirname, '../../../..');

async function main(): Promise<void> {
  const settings = readSettings();
  const logger = jsonLogger(settings.log, { process: 'api' });
  if (settings.database === undefined) throw new Error('DATABASE_URL is not set');
  if (settings.auth === 'loopback' && !isLoopback(settings.host)) {
    throw new Error('ROLLBOOK_AUTH=loopback lets anybody in who reaches the port: listen on 127.0.0.1, or set ROLLBOOK_AUTH=token');
  }
  if (settings.auth === 'token' && settings.tokensFile === undefined) {
    throw new Error('ROLLBOOK_AUTH=token lets nobody in without tokens: set ROLLBOOK_TOKENS_FILE');
  }
  const home = settings.home ?? join(root, '.rollbook');
  const url = settings.database;
  const pool = await openPool({ url, name: 'rollbook api', max: 10, logger });
  const source = await openDataSource({ url, name: 'rollbook api reads', max: 10, entities });
  const access = new Access({ auth: settings.auth, tokensFile: settings.tokensFile, operatorFile: join(home, 'keys/operator.ref') });
  const app = await openApi({
    pool, source, clock: systemClock, logger, access,
    enrolmentTokenFile: settings.enrolmentTokenFile ?? join(home, 'keys/enrolment.token'),
    servicePublicKeyFile: settings.servicePublicKeyFile ?? join(home, 'keys/service.pub.pem'),
    ...tlsOf(settings),
  });
  await app.listen(settings.port, settings.host);
  const { port } = app.getHttpServer().address() as { port: number };
  endWith(async () => {
    await app.close();
    await Promise.all([pool.end(), source.destroy()]);
  }, logger);
  const catalog = settings.catalog ?? join(root, 'catalog');
  if (existsSync(catalog)) {
    await adoptPolicyFile(app, catalog, logger);
    await importCatalogues(app, catalog, logger);
  }
  logger.info('api is ready', { host: settings.host, port });
  tellReady({ port });
}

function tlsOf({ tlsCertFile, tlsKeyFile }: Settings): { tls?: { cert: Buffer; key: Buffer } } {
  if (tlsCertFile === undefined && tlsKeyFile === undefined) return {};
  if (tlsCertFile === undefined || tlsKeyFile === undefined) throw new Error('ROLLBOOK_TLS_CERT_FILE and ROLLBOOK_TLS_KEY_FILE go together');
  return { tls: { cert: readFileSync(tlsCertFile), key: readFileSync(tlsKeyFile) } };
}

main().catch((error: unknown) => {
  process.stderr.write(`rollbook api: ${causeChain(error)}\n`);
  process.exit(1);
});
