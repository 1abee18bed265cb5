import type { Pool } from 'pg';

export interface Lease {
  name: string;
  epoch: number;
}

/**
 * Takes or renews a lease by the clock of PostgreSQL. A lease that ran out may be taken by anybody, under a higher epoch;
 * undefined while another holds it.
 */
export async function takeLease(pool: Pool, name: string, holder: string, seconds: number): Promise<Lease | undefined> {
  const { rows } = await pool.query<{ epoch: string }>(
    `insert into roll.lease as l (name, holder, epoch, expires_at) values ($1, $2, 1, now() + make_interval(secs => $3))
     on conflict (name) do update set holder = $2, expires_at = now() + make_interval(secs => $3),
       epoch = l.epoch + case when l.holder = $2 and l.expires_at >= now() then 0 else 1 end
     where l.holder = $2 or l.expires_at < now()
     returning epoch::text`,
    [name, holder, seconds],
  );
  return rows[0] && { name, epoch: Number(rows[0].epoch) };
}

/** Gives a lease back, so that another need not wait for its end. */
export async function giveLease(pool: Pool, lease: Lease, holder: string): Promise<void> {
  await pool.query('update roll.lease set expires_at = now() where name = $1 and holder = $2 and epoch = $3', [lease.name, holder, lease.epoch]);
}
