import type { Pool, PoolClient } from 'pg';

/** What a deadline is about; the conductor knows what to do when it passes. */
export type TimerSubject =
  | { kind: 'step'; node: string; order: string; wait: 'acceptance' | 'report'; correlation: string; cause: string }
  | { kind: 'review'; node: string; order: string; correlation: string; cause: string }
  | { kind: 'rollout'; rollout: string; wait: 'start' | 'resume'; correlation: string; cause: string };

export interface Timer {
  name: string;
  dueAt: string;
  subject: TimerSubject;
}

/** Sets and removes timers within the transaction that moves their follower on. */
export async function writeTimers(client: PoolClient, set: readonly Timer[], removed: readonly string[]): Promise<void> {
  if (removed.length > 0) await client.query('delete from roll.timer where name = any ($1::text[])', [removed]);
  if (set.length === 0) return;
  await client.query(
    `insert into roll.timer (name, due_at, subject)
     select name, "dueAt", subject from jsonb_to_recordset($1) as t(name text, "dueAt" text, subject jsonb)
     on conflict (name) do update set due_at = excluded.due_at, subject = excluded.subject`,
    [JSON.stringify(set)],
  );
}

export async function dueTimers(pool: Pool, now: string, limit: number): Promise<Timer[]> {
  const { rows } = await pool.query<{ name: string; due_at: string; subject: TimerSubject }>(
    'select name, due_at, subject from roll.timer where due_at <= $1 order by due_at limit $2',
    [now, limit],
  );
  return rows.map((row) => ({ name: row.name, dueAt: row.due_at, subject: row.subject }));
}

export async function removeTimer(pool: Pool, name: string): Promise<void> {
  await pool.query('delete from roll.timer where name = $1', [name]);
}
