import type { Pool, PoolClient } from 'pg';

/** Raised when a follower's lease has passed to another holder: what it was doing must not be kept. */
export class LeaseLost extends Error {
  constructor(name: string) {
    super(`the lease of ${name} has passed to another holder`);
    this.name = 'LeaseLost';
  }
}

/** Where a follower stands, and what it keeps with that. */
export interface Standing<M> {
  position: number;
  memory: M;
}

export async function readStanding<M extends object>(client: Pool | PoolClient, name: string): Promise<Standing<M>> {
  const { rows } = await client.query<{ position: string; memory: M }>('select position::text, memory from roll.follower where name = $1', [name]);
  return rows[0] ? { position: Number(rows[0].position), memory: rows[0].memory } : { position: 0, memory: {} as M };
}

/**
 * Moves a follower on, within the transaction of what it did. The lease row is held until the end of the transaction, so
 * that no other holder can take over in between; throws `LeaseLost` when one has.
 */
export async function moveOn(client: PoolClient, move: { name: string; from: number; to: number; memory?: object; lease: { name: string; epoch: number } }): Promise<void> {
  const { name, from, to, memory, lease } = move;
  const { rowCount } = await client.query('select from roll.lease where name = $1 and epoch = $2 for share', [lease.name, lease.epoch]);
  if (rowCount === 0) throw new LeaseLost(lease.name);
  // Only at the beginning may the row be made: one that was taken away meanwhile asks for everything anew.
  if (from === 0) await client.query('insert into roll.follower (name) values ($1) on conflict do nothing', [name]);
  const moved = await client.query(
    'update roll.follower f set position = $2, memory = coalesce($3::jsonb, f.memory) where f.name = $1 and f.position = $4',
    [name, to, memory === undefined ? null : JSON.stringify(memory), from],
  );
  if (moved.rowCount === 0) throw new Error(`${name} is no longer at position ${from}`);
}

/** Positions of all followers, and the head they follow. */
export async function standings(pool: Pool): Promise<{ name: string; position: number }[]> {
  const { rows } = await pool.query<{ name: string; position: string }>('select name, position::text from roll.follower order by name');
  return rows.map((row) => ({ name: row.name, position: Number(row.position) }));
}

/**
 * How long a transaction may wait for its process, in milliseconds. A process that was stopped in the midst of one would
 * else hold its lease and its rows for ever, and nobody could take over.
 */
const idleMsMax = 3_000;

export async function begin(client: PoolClient, idleMs = idleMsMax): Promise<void> {
  await client.query(`begin; set local idle_in_transaction_session_timeout = ${idleMs}`);
}

export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>, idleMs = idleMsMax): Promise<T> {
  const client = await pool.connect();
  try {
    await begin(client, idleMs);
    const result = await work(client);
    await client.query('commit');
    client.release();
    return result;
  } catch (error) {
    // A connection whose rollback fails is of no more use to anybody.
    await client.query('rollback').then(() => client.release(), (failed: Error) => client.release(failed));
    throw error;
  }
}
