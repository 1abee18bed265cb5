import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { applySchema, grantLogin, openPool, silentLogger, startKafkaBroker, startLocalPostgres } from '../../dist/libs/platform/src/index.js';
import { allSchemaChanges } from '../../dist/libs/projections/src/index.js';

export const root = fileURLToPath(new URL('../..', import.meta.url));

const password = 'bench';
/** Since the start of the process; a bench is to end within 50 s. */
const roundsUntilMs = 33_000;

/** What a bench stands on: a folder, a PostgreSQL, perhaps a Kafka. All of it ends with the bench, however that ends. */
export class Ground {
  postgresVersion;
  ending;
  #endings = [];
  #folder;
  #starting = Promise.resolve();

  constructor({ quick, say }) {
    this.quick = quick;
    this.say = say;
  }

  /** Numbers of the rounds to measure: fewer where the machine is slow, so that a bench ends in time. */
  *rounds(wanted) {
    for (let round = 0; round < wanted && (round === 0 || performance.now() < roundsUntilMs); round++) yield round;
  }

  /** Registers what is to be ended; the last one first. */
  onEnd(end) {
    this.#endings.push(end);
  }

  end() {
    this.ending ??= (async () => {
      // What is just being started can only be ended once it runs.
      await this.#starting.catch(() => undefined);
      for (const end of this.#endings.reverse()) await Promise.resolve().then(end).catch((error) => this.say(`bench: ${error.message}`));
    })();
    return this.ending;
  }

  get folder() {
    if (this.#folder === undefined) {
      const folder = mkdtempSync(join(tmpdir(), 'rollbook-bench-'));
      // PostgreSQL may run as another user.
      chmodSync(folder, 0o711);
      this.#endings.unshift(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
      this.#folder = folder;
    }
    return this.#folder;
  }

  /** A server with its settings as they are for real data: every commit is on disk before it is answered. */
  async postgres() {
    const server = await this.#started(startLocalPostgres({ dir: join(this.folder, 'postgres'), maxConnections: 200 }));
    this.adminUrl = server.adminUrl;
    const { rows } = await this.sql(server.adminUrl, `select split_part(current_setting('server_version'), ' ', 1) as version`);
    this.postgresVersion = rows[0].version;
  }

  /** A database with the schema of Rollbook, and the addresses of those who use it. */
  async database(name = 'bench') {
    if (!this.adminUrl) await this.postgres();
    await this.sql(this.adminUrl, `create database ${name}`);
    const admin = urlOf(this.adminUrl, name);
    await applySchema(admin, allSchemaChanges);
    const logins = { app: ['rollbook_app'], worker: ['rollbook_app', 'rollbook_rolls'] };
    for (const [login, groups] of Object.entries(logins)) await grantLogin(admin, { name: `bench_${login}`, password, groups });
    return { admin, app: urlOf(admin, name, 'bench_app'), worker: urlOf(admin, name, 'bench_worker') };
  }

  async pool(url, max = 10) {
    const pool = await openPool({ url, name: 'rollbook bench', max, logger: silentLogger });
    this.onEnd(() => pool.end());
    return pool;
  }

  async sql(url, text) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return await client.query(text);
    } finally {
      await client.end();
    }
  }

  /** Brokers to connect to: those of KAFKA_BROKERS, else one of its own. */
  async kafka() {
    const given = process.env.KAFKA_BROKERS;
    if (given) return given;
    return (await this.#started(startKafkaBroker({ dir: join(this.folder, 'kafka') }))).brokers;
  }

  #started(starting) {
    const started = starting.then((server) => {
      this.onEnd(() => server.stop());
      return server;
    });
    this.#starting = started;
    return started;
  }
}

function urlOf(url, name, user) {
  const at = new URL(url);
  at.pathname = `/${name}`;
  if (user !== undefined) Object.assign(at, { username: user, password });
  return at.href;
}
