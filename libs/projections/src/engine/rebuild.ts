import type { Pool, PoolClient } from 'pg';
import type { LedgerReader, StoredEvent } from '#ledger';
import { inTransaction, readStanding } from '../followers/positions.js';
import { ParkedKeys, readFact, takeFact } from './fold.js';
import type { Projection, Table } from './projection.js';
import { followerOf } from './projector.js';
import { RowSet } from './row-set.js';
import { nameOf, quote, writeParked, writeRows } from './storage.js';

export interface RebuildReport {
  projection: string;
  events: number;
  rows: number;
  /** Rows that the live tables had otherwise, not at all, or too many; null when there was nothing live to compare with. */
  differing: number | null;
  parked: number;
  swapped: boolean;
  seconds: number;
}

export interface RebuildOptions {
  /** Called after each page. */
  progress?: (done: number, total: number) => void;
  /** Only compare; the live tables stay. */
  checkOnly?: boolean;
  millis: () => number;
}

const page = 4_000;
/** Rows that are only added leave the memory when there are so many of them. */
const flushRows = 8_000;
const suffix = '__next';
const isAddOnly = (table: Table) => table.addOnly === true;

/**
 * Folds the ledger into new tables beside the live ones, compares row by row at the live position, and swaps in one
 * transaction. The live tables serve until then; their projector waits only for the comparison.
 */
export async function rebuild(pool: Pool, reader: LedgerReader, projection: Projection, options: RebuildOptions): Promise<RebuildReport> {
  const began = options.millis();
  const work = new Rebuild(pool, reader, projection, options);
  await work.makeTables();
  const live = await readStanding(pool, followerOf(projection));
  await work.foldTo(live.position > 0 ? live.position : (await reader.head()).position, pool);
  const rest = await inTransaction(pool, (client) => work.finish(client));
  return { projection: projection.name, ...rest, seconds: (options.millis() - began) / 1000 };
}

class Rebuild {
  private readonly rows = new RowSet();
  private readonly parked = new ParkedKeys();
  private position = 0;

  constructor(
    private readonly pool: Pool,
    private readonly reader: LedgerReader,
    private readonly projection: Projection,
    private readonly options: RebuildOptions,
  ) {}

  makeTables(): Promise<void> {
    return inTransaction(this.pool, async (client) => {
      // The tables belong to the group, not to whoever rebuilds; its default privileges then apply too.
      await client.query('set local role rollbook_rolls');
      for (const table of this.projection.tables) {
        await client.query(`drop table if exists ${nameOf(table, suffix)}`);
        await client.query(`create table ${nameOf(table, suffix)} (like ${nameOf(table)} including all)`);
      }
    });
  }

  /** Reads on to a position. The next page is on its way while one is folded, and rows are written behind both. */
  async foldTo(end: number, client: Pool | PoolClient): Promise<void> {
    let next = this.page(end);
    let writing: Promise<void> = Promise.resolve();
    for (;;) {
      const events = await next;
      if (events.length === 0) break;
      this.position = events.at(-1)!.position;
      next = this.page(end);
      for (const event of events) takeFact(this.projection, readFact(event), this.rows, this.parked);
      this.options.progress?.(this.position, end);
      if (this.rows.changedCount(isAddOnly) < flushRows) continue;
      await writing;
      writing = this.flush(client, isAddOnly);
      // Awaited at the next turn; until then it must not count as unhandled.
      writing.catch(() => undefined);
    }
    await writing;
  }

  /** With the follower's row held: come up to the live position, write, compare, swap. */
  async finish(client: PoolClient): Promise<Omit<RebuildReport, 'projection' | 'seconds'>> {
    const name = followerOf(this.projection);
    await client.query('insert into roll.follower (name) values ($1) on conflict do nothing', [name]);
    const { rows } = await client.query<{ position: string }>('select position::text from roll.follower where name = $1 for update', [name]);
    const live = Number(rows[0]!.position);
    await this.foldTo(live, client);
    await this.flush(client);
    const counts = [];
    for (const table of this.projection.tables) counts.push(await compare(client, table));
    const parked = this.parked.all();
    if (this.options.checkOnly) await this.dropNext(client);
    else await this.swap(client, parked);
    if (!this.options.checkOnly && live === 0) await client.query('update roll.follower set position = $2 where name = $1', [name, this.position]);
    const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
    return {
      events: this.position, rows: sum(counts.map((one) => one.rows)), differing: live === 0 ? null : sum(counts.map((one) => one.differing)),
      parked: parked.length, swapped: !this.options.checkOnly,
    };
  }

  private page(end: number): Promise<StoredEvent[]> {
    return this.position >= end ? Promise.resolve([]) : this.reader.read(this.position, Math.min(page, end - this.position));
  }

  private async flush(client: Pool | PoolClient, which?: (table: Table) => boolean): Promise<void> {
    for (const { table, rows } of this.rows.takeChanged(which)) await writeRows(client, table, rows, suffix);
  }

  private async swap(client: PoolClient, parked: ReturnType<ParkedKeys['all']>): Promise<void> {
    await client.query('set local role rollbook_rolls');
    for (const table of this.projection.tables) {
      await client.query(`drop table ${nameOf(table)}`);
      await client.query(`alter table ${nameOf(table, suffix)} rename to ${quote(table.name)}`);
    }
    await client.query('delete from roll.parked where projection = $1', [this.projection.name]);
    await writeParked(client, this.projection.name, parked);
  }

  private async dropNext(client: PoolClient): Promise<void> {
    for (const table of this.projection.tables) await client.query(`drop table ${nameOf(table, suffix)}`);
  }
}

async function compare(client: PoolClient, table: Table): Promise<{ rows: number; differing: number }> {
  const [live, next] = [nameOf(table), nameOf(table, suffix)];
  const { rows } = await client.query<{ rows: string; differing: string }>(
    `select (select count(*) from ${next})::text as rows,
       (select count(*) from ${live} l full join ${next} n using (${table.key.map(quote).join(', ')})
        where to_jsonb(l.*) is distinct from to_jsonb(n.*))::text as differing`,
  );
  return { rows: Number(rows[0]!.rows), differing: Number(rows[0]!.differing) };
}
