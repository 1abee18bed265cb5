import type { MigrationInterface } from 'typeorm';

export interface SchemaReport {
  /** Names of the changes that this run made, in order. */
  applied: string[];
  /** Changes known to this program. */
  known: number;
}

// Any number that nothing else locks: two runs of this function at once take turns.
const lockKey = 7_420_001;

/**
 * Applies forward-only schema changes that are not yet recorded in `public.rollbook_schema`, each in a transaction.
 * Safe to run again and by two at once. Throws PostgreSQL's own error when the role may not do it.
 */
export async function applySchema(url: string, changes: (new () => MigrationInterface)[]): Promise<SchemaReport> {
  const { DataSource } = await import('typeorm');
  const source = new DataSource({
    type: 'postgres',
    url,
    applicationName: 'rollbook schema apply',
    // One connection holds the lock, the other makes the changes.
    poolSize: 2,
    connectTimeoutMS: 5_000,
    migrations: changes,
    migrationsTableName: 'rollbook_schema',
    migrationsTransactionMode: 'each',
    installExtensions: false,
    logging: false,
  });
  await source.initialize();
  try {
    const lock = source.createQueryRunner();
    await lock.query('select pg_advisory_lock($1)', [lockKey]);
    try {
      const made = await source.runMigrations();
      return { applied: made.map((one) => one.name), known: changes.length };
    } finally {
      await lock.query('select pg_advisory_unlock($1)', [lockKey]);
      await lock.release();
    }
  } finally {
    await source.destroy();
  }
}

/** Makes or updates a login role and puts it into groups. Names and password are quoted by PostgreSQL itself. */
export async function grantLogin(url: string, login: { name: string; password: string; groups: string[] }): Promise<void> {
  const { Client } = (await import('pg')).default;
  const client = new Client({ connectionString: url, application_name: 'rollbook schema apply', connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    const quoted = await client.query<{ make: string; alter: string; name: string; grant: string }>(
      `select format('create role %I login', $1::text) as make, format('alter role %I login password %L', $1::text, $2::text) as alter,
         $1::text as name, (select string_agg(format('grant %I to %I', g, $1::text), '; ') from unnest($3::text[]) g) as grant`,
      [login.name, login.password, login.groups],
    );
    const { make, alter, grant } = quoted.rows[0]!;
    const { rowCount } = await client.query('select from pg_roles where rolname = $1', [login.name]);
    if (rowCount === 0) await client.query(make);
    await client.query(alter);
    await client.query(grant);
  } finally {
    await client.end();
  }
}
