import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { PostgresShelf, verifyLedger } from '#ledger';
import { applySchema, grantLogin, openPool, silentLogger } from '#platform';
import { allSchemaChanges } from '#projections';
import { root } from '../houserules/sources.js';
import { createDatabase, createEmptyDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { item } from '../support/items.js';
import { cliProgram, runProcess } from '../support/machine.js';

const databases: TestDatabase[] = [];
const made: string[] = [];

afterAll(async () => {
  for (const database of databases) await database.drop();
  for (const role of made) await sql(process.env['ROLLBOOK_TEST_POSTGRES']!, `drop role if exists ${role}`);
});

const keep = async (making: Promise<TestDatabase>) => {
  const database = await making;
  databases.push(database);
  return database;
};

async function sql<T extends object>(url: string, text: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(text)).rows;
  } finally {
    await client.end();
  }
}

/** Everything that the schema made, with its shape, its owner and its rights. */
async function shape(url: string): Promise<unknown> {
  const tables = await sql(url, `select n.nspname, c.relname, c.relkind, c.relowner::regrole::text as owner, c.relacl::text[] as rights, c.reloptions
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname in ('ledger', 'roll') order by 1, 2`);
  const columns = await sql(url, `select table_schema, table_name, column_name, data_type, collation_name, is_nullable, column_default
    from information_schema.columns where table_schema in ('ledger', 'roll') order by 1, 2, ordinal_position`);
  const functions = await sql(url, `select p.proname, p.proowner::regrole::text as owner, p.proacl::text[] as rights, p.prosecdef, p.proconfig, md5(p.prosrc) as source
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname in ('ledger', 'roll') order by 1`);
  const triggers = await sql(url, `select tgrelid::regclass::text as on_table, tgname, tgenabled from pg_trigger where not tgisinternal order by 1, 2`);
  const indexes = await sql(url, `select indexdef from pg_indexes where schemaname in ('ledger', 'roll') order by 1`);
  const schemas = await sql(url, `select nspname, nspowner::regrole::text as owner, nspacl::text[] as rights from pg_namespace where nspname in ('ledger', 'roll') order by 1`);
  return { tables, columns, functions, triggers, indexes, schemas };
}

const names = allSchemaChanges.map((change) => new change().name!);

describe('the schema', () => {
  it('is made in an empty database, and then there is nothing left to do', async () => {
    const { admin } = await keep(createEmptyDatabase());
    expect(await applySchema(admin, allSchemaChanges)).toEqual({ applied: names, known: names.length });
    const before = await shape(admin);
    expect(await applySchema(admin, allSchemaChanges)).toEqual({ applied: [], known: names.length });
    expect(await shape(admin)).toEqual(before);
  });

  it('has changes that may each be run twice, with data in their tables, and change nothing the second time', async () => {
    const { admin, app } = await keep(createDatabase());
    const pool = await openPool({ url: app, name: 'test', max: 1, logger: silentLogger });
    const shelf = new PostgresShelf(pool);
    await shelf.append([item('s/1'), item('s/2')]);
    const before = [await shape(admin), await verifyLedger(shelf)];
    for (const folder of ['libs/ledger/src/postgres/schema', 'libs/projections/src/schema']) {
      for (const file of readdirSync(join(root, folder)).filter((name) => name.endsWith('.sql')).sort()) {
        await sql(admin, readFileSync(join(root, folder, file), 'utf8'));
      }
    }
    expect([await shape(admin), await verifyLedger(shelf)]).toEqual(before);
    expect(await shelf.append([item('s/1')])).toMatchObject([{ outcome: 'appended', position: 3, version: 2 }]);
    await pool.end();
  });

  it('is made once by two processes at the same time', async () => {
    const { admin } = await keep(createEmptyDatabase());
    const apply = () => new Promise<string>((resolve, reject) => {
      const child = spawn(process.execPath, [cliProgram, 'schema', 'apply', '--json'], { env: { PATH: process.env['PATH'], DATABASE_URL: admin }, stdio: ['ignore', 'pipe', 'pipe'] });
      let told = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (told += chunk.toString()));
      child.once('close', (code) => (code === 0 ? resolve(told) : reject(new Error(`ended with ${code}: ${told}`))));
    });
    const reports = (await Promise.all([apply(), apply()])).map((told) => JSON.parse(told) as { applied: string[] });
    expect(reports.map((one) => one.applied.length).sort((a, b) => a - b)).toEqual([0, names.length]);
    expect(await shape(admin)).toEqual(await shape((await keep(createDatabase())).admin));
  });

  it('that stopped half way goes on where it stopped, and leaves nothing of the change that failed', async () => {
    const { admin } = await keep(createEmptyDatabase());
    const failing = class {
      readonly name = 'broken0001000000004';
      async up(runner: { query: (text: string) => Promise<unknown> }): Promise<void> {
        await runner.query('create table ledger.half (x int)');
        await runner.query('select 1 / 0');
      }
      down = () => Promise.resolve();
    };
    await expect(applySchema(admin, [...allSchemaChanges.slice(0, 3), failing])).rejects.toThrow('division by zero');
    expect(await sql(admin, `select from pg_class where relname = 'half'`)).toEqual([]);
    expect(await applySchema(admin, allSchemaChanges)).toEqual({ applied: names.slice(3), known: names.length });
  });

  it('only goes forward', async () => {
    for (const change of allSchemaChanges) await expect(new change().down(undefined as never)).rejects.toThrow('schema changes only go forward');
  });
});

describe('the role that applies it', () => {
  const server = process.env['ROLLBOOK_TEST_POSTGRES']!;
  const as = (url: string, user: string, password: string) => Object.assign(new URL(url), { username: user, password }).href;

  it('need not be a superuser: one that owns the database and may create roles is enough, also where the groups are there already', async () => {
    const { admin, name, app } = await keep(createEmptyDatabase());
    const role = `schema_${name}`;
    made.push(role);
    await sql(server, `create role ${role} login createrole password 'schema'`);
    await sql(server, `alter database ${name} owner to ${role}`);
    const url = as(admin, role, 'schema');
    expect((await sql<{ super: boolean }>(url, 'select rolsuper as super from pg_roles where rolname = current_user'))[0]!.super).toBe(false);
    expect(await applySchema(url, allSchemaChanges)).toMatchObject({ applied: names });
    expect(await applySchema(url, allSchemaChanges)).toMatchObject({ applied: [] });
    const login = `login_${name}`;
    made.unshift(login);
    await grantLogin(url, { name: login, password: 'app', groups: ['rollbook_app'] });
    const pool = await openPool({ url: as(admin, login, 'app'), name: 'test', max: 1, logger: silentLogger });
    expect(await new PostgresShelf(pool).append([item('s/1')])).toMatchObject([{ outcome: 'appended', position: 1 }]);
    await expect(pool.query('delete from ledger.event')).rejects.toThrow('permission denied');
    await expect(pool.query('select from roll.fleet')).resolves.toBeDefined();
    await pool.end();
    expect(app).toContain('rollbook_test_app');
    // What it owns goes with the database; then the role can go too.
    await sql(server, `alter database ${name} owner to current_user`);
    await sql(admin, `reassign owned by ${role} to current_user; drop owned by ${role}; drop owned by ${login}`);
  });

  it('that may not is told what it lacks, and nothing is made', async () => {
    const { admin, app } = await keep(createEmptyDatabase());
    const { code, stderr } = await runProcess(process.execPath, [cliProgram, 'schema', 'apply'], { PATH: process.env['PATH'], DATABASE_URL: app });
    expect([code, stderr]).toEqual([1, expect.stringContaining('role-too-small')]);
    expect(await sql(admin, `select from pg_namespace where nspname in ('ledger', 'roll')`)).toEqual([]);
  });
});
