import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '../followers/positions.js';
import type { Table } from './projection.js';
import { nameOf, quote } from './storage.js';

/** Makes empty tables beside the live ones, under their names and a suffix. */
export function makeTables(pool: Pool, tables: readonly Table[], suffix: string): Promise<void> {
  return inTransaction(pool, async (client) => {
    // The tables belong to the group, not to whoever rebuilds; its default privileges then apply too.
    await client.query('set local role rollbook_rolls');
    for (const table of tables) {
      await client.query(`drop table if exists ${nameOf(table, suffix)}`);
      await client.query(`create table ${nameOf(table, suffix)} (like ${nameOf(table)} including all)`);
    }
  });
}

export async function dropTables(client: PoolClient, tables: readonly Table[], suffix: string): Promise<void> {
  await client.query('set local role rollbook_rolls');
  for (const table of tables) await client.query(`drop table ${nameOf(table, suffix)}`);
}

/** Puts the new tables in the place of the live ones, under all their names: schema changes go by those of indexes too. */
export async function swapTables(client: PoolClient, tables: readonly Table[], suffix: string): Promise<void> {
  await client.query('set local role rollbook_rolls');
  for (const table of tables) {
    const names = await indexesOf(client, nameOf(table));
    await client.query(`drop table ${nameOf(table)}`);
    await client.query(`alter table ${nameOf(table, suffix)} rename to ${quote(table.name)}`);
    for (const [shape, made] of await indexesOf(client, nameOf(table))) {
      const name = names.get(shape);
      if (name !== undefined && name !== made) await client.query(`alter index roll.${quote(made)} rename to ${quote(name)}`);
    }
  }
}

/** Names of a table's indexes by what they are over. */
async function indexesOf(client: PoolClient, table: string): Promise<Map<string, string>> {
  const { rows } = await client.query<{ shape: string; name: string }>(
    `select regexp_replace(pg_get_indexdef(i.indexrelid), ' INDEX .* USING ', ' INDEX USING ') as shape, c.relname as name
     from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = $1::regclass`,
    [table],
  );
  return new Map(rows.map(({ shape, name }) => [shape, name]));
}

export async function compareTables(client: PoolClient, table: Table, suffix: string): Promise<{ rows: number; differing: number }> {
  const [live, next] = [nameOf(table), nameOf(table, suffix)];
  const { rows } = await client.query<{ rows: string; differing: string }>(
    `select (select count(*) from ${next})::text as rows,
       (select count(*) from ${live} l full join ${next} n using (${table.key.map(quote).join(', ')})
        where to_jsonb(l.*) is distinct from to_jsonb(n.*))::text as differing`,
  );
  return { rows: Number(rows[0]!.rows), differing: Number(rows[0]!.differing) };
}
