import type { Pool, PoolClient } from 'pg';
import type { Parked } from './fold.js';
import { projections } from './projections.js';
import type { Row, RowRef, Table } from './projection.js';
import type { RowSet } from './row-set.js';

type Client = Pool | PoolClient;

/** Rows of one statement, so that neither side holds too much at once. */
const rowsPerStatement = 2_000;

/** Loads the rows that are named and not yet there. */
export async function loadRows(client: Client, refs: readonly RowRef[], rows: RowSet, suffix = ''): Promise<void> {
  const byTable = new Map<string, { table: Table; refs: RowRef[] }>();
  for (const ref of refs) {
    if (rows.has(ref)) continue;
    rows.load(ref, undefined);
    const of = byTable.get(ref.table.name) ?? { table: ref.table, refs: [] };
    of.refs.push(ref);
    byTable.set(ref.table.name, of);
  }
  for (const { table, refs: wanted } of byTable.values()) {
    const keys = wanted.map(({ key }) => Object.fromEntries(table.key.map((column, i) => [column, key[i]])));
    const on = table.key.map(quote).join(', ');
    const { rows: found } = await client.query<{ row: Row }>(
      `select to_jsonb(t.*) as row from jsonb_populate_recordset(null::${nameOf(table, suffix)}, $1) k join ${nameOf(table, suffix)} t using (${on})`,
      [JSON.stringify(keys)],
    );
    for (const { row } of found) rows.load({ table, key: table.key.map((column) => row[column] as string) }, row);
  }
}

/** Inserts rows, or puts them in the place of those with the same key. */
export async function writeRows(client: Client, table: Table, rows: readonly Row[], suffix = ''): Promise<void> {
  const target = nameOf(table, suffix);
  for (let i = 0; i < rows.length; i += rowsPerStatement) {
    const part = rows.slice(i, i + rowsPerStatement);
    const key = table.key.map(quote).join(', ');
    const others = Object.keys(part[0]!).filter((column) => !table.key.includes(column));
    const update = others.map((column) => `${quote(column)} = excluded.${quote(column)}`).join(', ');
    const clash = update === '' ? 'do nothing' : `do update set ${update}`;
    await client.query(`insert into ${target} select * from jsonb_populate_recordset(null::${target}, $1) on conflict (${key}) ${clash}`, [
      forJsonb(part),
    ]);
  }
}

export async function loadParked(client: Client, projection: string): Promise<Parked[]> {
  const { rows } = await client.query<{ key: string; position: string; behind: number; reason: string }>(
    'select key, position::text, behind, reason from roll.parked where projection = $1',
    [projection],
  );
  return rows.map((row) => ({ ...row, position: Number(row.position) }));
}

/** How many keys each projection has set aside. */
export async function countParked(pool: Pool): Promise<{ [projection: string]: number }> {
  const { rows } = await pool.query<{ name: string; keys: number }>(
    'select n.name, count(p.key)::integer as keys from unnest($1::text[]) n(name) left join roll.parked p on p.projection = n.name group by n.name',
    [projections.map((one) => one.name)],
  );
  return Object.fromEntries(rows.map(({ name, keys }) => [name, keys]));
}

export async function writeParked(client: Client, projection: string, parked: readonly Parked[]): Promise<void> {
  for (const { key, position, behind, reason } of parked) {
    await client.query(
      `insert into roll.parked (projection, key, position, behind, reason) values ($1, $2, $3, $4, $5)
       on conflict (projection, key) do update set position = excluded.position, behind = excluded.behind, reason = excluded.reason`,
      [projection, key, position, behind, reason],
    );
  }
}

export function nameOf(table: Table, suffix = ''): string {
  return `roll.${quote(table.name + suffix)}`;
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** jsonb cannot hold the character NUL, which JSON can: it becomes the replacement character. */
function forJsonb(rows: readonly Row[]): string {
  const text = JSON.stringify(rows);
  // Hardly any text holds one, and looking for the two characters costs much less than the pattern does.
  return text.includes('\\u0000') ? text.replace(/(?<!\\)((?:\\\\)*)\\u0000/g, '$1\\ufffd') : text;
}
