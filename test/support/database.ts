import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** A database of its own, with the schema applied, and the addresses of the roles that use it. */
export interface TestDatabase {
  name: string;
  /** Superuser. */
  admin: string;
  /** May append to the ledger and read. */
  app: string;
  /** May also write read models. */
  worker: string;
  drop(): Promise<void>;
}

export async function createDatabase(template: string | undefined = 'rollbook_template'): Promise<TestDatabase> {
  const server = process.env.ROLLBOOK_TEST_POSTGRES;
  if (!server) throw new Error('ROLLBOOK_TEST_POSTGRES is not set: run the tests with npm test');
  const name = `t_${randomBytes(8).toString('hex')}`;
  await asAdmin(server, `create database ${name}${template === undefined ? '' : ` template ${template}`}`);
  const url = (user?: string, password?: string) => {
    const at = new URL(server);
    at.pathname = `/${name}`;
    if (user !== undefined) Object.assign(at, { username: user, password });
    return at.href;
  };
  return {
    name,
    admin: url(),
    app: url('rollbook_test_app', 'app'),
    worker: url('rollbook_test_worker', 'worker'),
    drop: () => asAdmin(server, `drop database if exists ${name} with (force)`),
  };
}

/** An empty database, for tests of the schema itself. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return createDatabase('template0');
}

async function asAdmin(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
