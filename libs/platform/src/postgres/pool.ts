import type { Pool } from 'pg';
import type { Logger } from '../logger.js';

export interface PoolOptions {
  url: string;
  /** Shown by PostgreSQL in pg_stat_activity. */
  name: string;
  max: number;
  logger: Logger;
}

/** A pool that outlives restarts of the server: a broken idle connection is dropped and logged, never thrown. */
export async function openPool({ url, name, max, logger }: PoolOptions): Promise<Pool> {
  const { Pool } = (await import('pg')).default;
  const pool = new Pool({
    connectionString: url,
    application_name: name,
    max,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
  });
  // One that breaks while it is in use fails what it is used for; without anybody who hears it, it would end the process.
  pool.on('connect', (client) => client.on('error', (error) => logger.debug('a PostgreSQL connection broke', { error })));
  pool.on('error', (error) => logger.warn('an idle PostgreSQL connection broke', { error }));
  return pool;
}
