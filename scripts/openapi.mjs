#!/usr/bin/env node
// npm run openapi: writes docs/openapi.json as the API describes itself. Needs no database: nothing is asked of it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepare } from './prepare.mjs';

await prepare();
await import('reflect-metadata');
const { default: pg } = await import('pg');
const { DataSource } = await import('typeorm');
const { silentLogger, systemClock } = await import('../dist/libs/platform/src/index.js');
const { openApi } = await import('../dist/apps/api/src/api.js');
const { describeApi } = await import('../dist/apps/api/src/openapi.js');

const app = await openApi({
  pool: new pg.Pool(), source: new DataSource({ type: 'postgres' }), clock: systemClock, logger: silentLogger, access: {},
  enrolmentTokenFile: '', servicePublicKeyFile: '',
});
const docs = fileURLToPath(new URL('../docs', import.meta.url));
mkdirSync(docs, { recursive: true });
writeFileSync(join(docs, 'openapi.json'), `${JSON.stringify(describeApi(app), null, 2)}\n`);
process.stdout.write('docs/openapi.json is as the API describes itself.\n');
