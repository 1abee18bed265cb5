import type { Pool } from 'pg';

export interface Letter {
  site: string;
  position: number;
  node: string;
  message: string;
  /** From then on agents refuse it. */
  expiresAt: string;
}

/** Signed orders that wait to be pulled. The publisher fills it again from the ledger when it is lost. */
export class Mailbox {
  constructor(private readonly pool: Pool) {}

  async put(letters: readonly Letter[]): Promise<void> {
    if (letters.length === 0) return;
    await this.pool.query(
      `insert into roll.mailbox (site, position, node, message, expires_at)
       select * from jsonb_to_recordset($1) as l(site text, position bigint, node text, message text, "expiresAt" text)
       on conflict do nothing`,
      [JSON.stringify(letters)],
    );
  }

  /** Orders of a site behind a position, in order. */
  async after(site: string, position: number, limit: number): Promise<Letter[]> {
    const { rows } = await this.pool.query<Omit<Letter, 'position'> & { position: string }>(
      'select site, position::text, node, message, expires_at as "expiresAt" from roll.mailbox m where site = $1 and position > $2 order by m.position limit $3',
      [site, position, limit],
    );
    return rows.map((row) => ({ ...row, position: Number(row.position) }));
  }

  /** Removes orders that expired before an instant. */
  async forget(before: string): Promise<void> {
    await this.pool.query('delete from roll.mailbox where expires_at < $1', [before]);
  }
}
