import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { openPool, silentLogger, startLocalPostgres } from '#platform';
import type { LocalPostgres } from '#platform';
import type { Context } from './context.js';
import { unreachable } from './exit.js';

/** Logins that `npm start` made in a database, with the secrets that only its home holds. */
export interface DatabaseLogins {
  database: string;
  api: { user: string; password: string };
  worker: { user: string; password: string };
}

export const loginsFile = (home: string) => join(home, 'keys/database.json');
export const postgresFolder = (home: string) => join(home, 'postgres');

export function urlFor(adminUrl: string, database: string, login?: { user: string; password: string }): string {
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  if (login) Object.assign(url, { username: login.user, password: login.password });
  return url.href;
}

/**
 * Gives a command its database, also while the service is down: DATABASE_URL when it is set, else the PostgreSQL of the
 * home, which is started for as long as the command runs unless it runs already.
 */
export async function withDatabaseUrl<T>(context: Context, as: 'worker' | 'admin', work: (url: string) => Promise<T>): Promise<T> {
  const { settings, home } = context;
  const given = as === 'admin' ? (settings.schemaDatabase ?? settings.database) : settings.database;
  if (given !== undefined) return work(given);
  if (!existsSync(loginsFile(home))) {
    throw unreachable(`there is no database under ${home}: set DATABASE_URL, or run \`npm start\` once`);
  }
  const server = await startLocalPostgres({ dir: postgresFolder(home) });
  try {
    return await work(urlIn(server, home, as));
  } finally {
    if (!server.adopted) await server.stop();
  }
}

function urlIn(server: LocalPostgres, home: string, as: 'worker' | 'admin'): string {
  const logins = JSON.parse(readFileSync(loginsFile(home), 'utf8')) as DatabaseLogins;
  return urlFor(server.adminUrl, logins.database, as === 'admin' ? undefined : logins.worker);
}

/** The room of read models, with all that it stands on: most of a start, so only commands that need it load it. */
export async function loadProjections() {
  await import('reflect-metadata');
  return import('#projections');
}

/** A pool for a command; a database that does not answer becomes an exit. */
export async function withPool<T>(url: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = await openPool({ url, name: 'rollbook cli', max: 6, logger: silentLogger });
  try {
    await pool.query('select 1').catch((error: unknown) => {
      throw unreachable(`PostgreSQL does not answer: ${error instanceof Error ? error.message : String(error)}. See DATABASE_URL.`);
    });
    return await work(pool);
  } finally {
    await pool.end();
  }
}
