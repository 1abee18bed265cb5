// One PostgreSQL for the whole run, with a template database that already holds the schema.
import { mkdtempSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { applySchema, grantLogin, startLocalPostgres } from '../../dist/libs/platform/src/index.js';
import { allSchemaChanges } from '../../dist/libs/projections/src/index.js';

export const logins = { app: 'rollbook_test_app', worker: 'rollbook_test_worker' };

export default async function setup() {
  const dir = mkdtempSync(join(tmpdir(), 'rollbook-tests-'));
  chmodSync(dir, 0o711);
  const server = await startLocalPostgres({ dir: join(dir, 'postgres'), fast: true, maxConnections: 200 });
  globalThis.rollbookTests = { dir, server };
  const admin = new pg.Client({ connectionString: server.adminUrl });
  await admin.connect();
  await admin.query('create database rollbook_template');
  await admin.end();
  const template = withDatabase(server.adminUrl, 'rollbook_template');
  await applySchema(template, allSchemaChanges);
  await grantLogin(template, { name: logins.app, password: 'app', groups: ['rollbook_app'] });
  await grantLogin(template, { name: logins.worker, password: 'worker', groups: ['rollbook_app', 'rollbook_rolls'] });
  process.env.ROLLBOOK_TEST_POSTGRES = server.adminUrl;
}

function withDatabase(url, name) {
  const at = new URL(url);
  at.pathname = `/${name}`;
  return at.href;
}
