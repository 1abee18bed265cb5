import type { Pool, PoolClient } from 'pg';
import type { LedgerReader, StoredEvent } from '#ledger';
import { systemClock } from '#platform';
import { inTransaction, readStanding } from '../followers/positions.js';
import { ParkedKeys, readFact, takeFact } from './fold.js';
import type { Reading } from './fold.js';
import { followerOf } from './projection.js';
import type { Projection, Table } from './projection.js';
import { RowSet } from './row-set.js';
import { writeParked, writeRows } from './storage.js';
import { compareTables, dropTables, makeTables, swapTables } from './tables.js';
import { isRefusedData, takeAccepted, takeInto } from './take.js';

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
  millis?: () => number;
}

/** Raised when another rebuild of the same projection is under way: the two would write into the same new tables. */
export class RebuildRunning extends Error {
  constructor(projection: string) {
    super(`${projection} is being rebuilt already`);
    this.name = 'RebuildRunning';
  }
}

const page = 4_000;
/** Where PostgreSQL refuses rows, pages are small: each is written before the next one is folded. */
const carefulPage = 500;
/** Rows that are only added leave the memory when there are so many of them. */
const flushRows = 8_000;
const suffix = '__next';
/** A large ledger takes its time to fold between two statements, in milliseconds. */
const idleMsMax = 60_000;
const isAddOnly = (table: Table) => table.addOnly === true;
// Any number that nothing else locks, with a hash of the projection's name.
const lockClass = 7_420_002;

/**
 * Folds the ledger into new tables beside the live ones, compares row by row at the live position, and swaps in one
 * transaction. The live tables serve until then; their projector waits only for the comparison.
 */
export async function rebuild(pool: Pool, reader: LedgerReader, projection: Projection, options: RebuildOptions): Promise<RebuildReport> {
  const millis = options.millis ?? (() => systemClock.millis());
  const began = millis();
  const attempt = async (careful: boolean) => {
    await makeTables(pool, projection.tables, suffix);
    const work = new Rebuild(pool, reader, projection, options, careful);
    const live = await readStanding(pool, followerOf(projection));
    await work.foldTo(live.position > 0 ? live.position : (await reader.head()).position, pool);
    return inTransaction(pool, (client) => work.finish(client), idleMsMax);
  };
  const rest = await alone(pool, projection, () =>
    // The live projector parks what PostgreSQL refuses; so must its rebuild, event by event.
    attempt(false).catch((error: unknown) => {
      if (!isRefusedData(error)) throw error;
      return attempt(true);
    }),
  );
  return { projection: projection.name, ...rest, seconds: (millis() - began) / 1000 };
}

/** Holds a lock of the database meanwhile; it ends with its connection, whatever becomes of this process. */
async function alone<T>(pool: Pool, { name }: Projection, work: () => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_lock($1, hashtext($2)) as got', [lockClass, name]);
    if (!rows[0]!.got) throw new RebuildRunning(name);
    return await work();
  } finally {
    await client.query('select pg_advisory_unlock($1, hashtext($2))', [lockClass, name]).then(() => client.release(), (failed: Error) => client.release(failed));
  }
}

class Rebuild {
  private readonly rows = new RowSet();
  private parked = new ParkedKeys();
  private position = 0;

  constructor(
    private readonly pool: Pool,
    private readonly reader: LedgerReader,
    private readonly projection: Projection,
    private readonly options: RebuildOptions,
    private readonly careful: boolean,
  ) {}

  async foldTo(end: number, client: Pool | PoolClient): Promise<void> {
    return this.careful ? this.foldCarefully(end) : this.foldFast(end, client);
  }

  /** Reads on to a position. The next page is on its way while one is folded, and rows are written behind both. */
  private async foldFast(end: number, client: Pool | PoolClient): Promise<void> {
    let next = this.page(end, page);
    let writing: Promise<void> = Promise.resolve();
    for (;;) {
      const events = await next;
      if (events.length === 0) break;
      this.position = events.at(-1)!.position;
      next = this.page(end, page);
      // Awaited at the next turn; until then neither must count as unhandled.
      next.catch(() => undefined);
      for (const event of events) takeFact(this.projection, readFact(this.projection, event), this.rows, this.parked);
      this.options.progress?.(this.position, end);
      if (this.rows.changedCount(isAddOnly) < flushRows) continue;
      await writing;
      writing = this.flush(client, isAddOnly);
      writing.catch(() => undefined);
    }
    await writing;
  }

  /** As the live projector does: rows stay in PostgreSQL, and each part is written before the next is folded. */
  private async foldCarefully(end: number): Promise<void> {
    for (let events = await this.page(end, carefulPage); events.length > 0; events = await this.page(end, carefulPage)) {
      let left: readonly Reading[] = events.map((event) => readFact(this.projection, event));
      while (left.length > 0) left = left.slice(await takeAccepted(left, (part, refusal) => this.takePart(part, refusal)));
      this.position = events.at(-1)!.position;
      this.options.progress?.(this.position, end);
    }
  }

  private async takePart(part: readonly Reading[], refusal: string | undefined): Promise<void> {
    const parked = new ParkedKeys(this.parked.all());
    await inTransaction(this.pool, (client) => takeInto(client, this.projection, parked, part, { suffix, ...(refusal === undefined ? {} : { refusal }) }));
    this.parked = parked;
  }

  /** With the follower's row held: come up to the live position, write, compare, swap. */
  async finish(client: PoolClient): Promise<Omit<RebuildReport, 'projection' | 'seconds'>> {
    const { projection, options } = this;
    const name = followerOf(projection);
    await client.query('insert into roll.follower (name) values ($1) on conflict do nothing', [name]);
    const { rows } = await client.query<{ position: string }>('select position::text from roll.follower where name = $1 for update', [name]);
    const live = Number(rows[0]!.position);
    await this.foldTo(live, client);
    await this.flush(client);
    const counts = [];
    for (const table of projection.tables) counts.push(await compareTables(client, table, suffix));
    const parked = this.parked.all();
    if (options.checkOnly) await dropTables(client, projection.tables, suffix);
    else await this.swap(client, name, live);
    const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
    return {
      events: this.position, rows: sum(counts.map((one) => one.rows)), differing: live === 0 ? null : sum(counts.map((one) => one.differing)),
      parked: parked.length, swapped: !options.checkOnly,
    };
  }

  private page(end: number, size: number): Promise<StoredEvent[]> {
    return this.position >= end ? Promise.resolve([]) : this.reader.read(this.position, Math.min(size, end - this.position));
  }

  private async flush(client: Pool | PoolClient, which?: (table: Table) => boolean): Promise<void> {
    for (const { table, rows } of this.rows.takeChanged(which)) await writeRows(client, table, rows, suffix);
  }

  private async swap(client: PoolClient, name: string, live: number): Promise<void> {
    await swapTables(client, this.projection.tables, suffix);
    await client.query('delete from roll.parked where projection = $1', [this.projection.name]);
    await writeParked(client, this.projection.name, this.parked.all());
    // The new rows may be ahead: where nothing was projected before, or the position was put back.
    if (live < this.position) await client.query('update roll.follower set position = $2 where name = $1', [name, this.position]);
  }
}
