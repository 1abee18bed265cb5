import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { CommandBus } from '@nestjs/cqrs';
import type { INestApplicationContext } from '@nestjs/common';
import type { Pool } from 'pg';
import { Book, CommandsModule, decode, postgresPorts } from '#commands';
import { PostgresReader } from '#ledger';
import type { StoredEvent } from '#ledger';
import { ManualClock, openPool, silentLogger } from '#platform';
import { followerOf, projectOn, projections, rebuild, takeLease } from '#projections';
import type { Lease, Projection } from '#projections';
import { conductor } from '../../apps/worker/src/conductor/conductor.js';
import type { Follower } from '../../apps/worker/src/follower.js';
import { createDatabase } from './database.js';
import type { TestDatabase } from './database.js';
import { Simulation } from './simulation.js';

/** One worker's memory: what it has read, and its way to the commands. Another one knows nothing of it. */
export interface Hand {
  bus: CommandBus;
  book: Book;
  conductor: Follower;
}

/** Stands between a worker and the commands. */
export type Between = (execute: (command: never) => Promise<unknown>) => (command: never) => Promise<unknown>;

export const namedProjection = (name: string): Projection => projections.find((one) => one.name === name)!;

/** Followers taken step by step over a real database, by as many workers as a test wants, under a clock moved by hand. */
export class Workshop {
  readonly clock: ManualClock;
  private readonly apps: INestApplicationContext[] = [];

  private constructor(
    readonly database: TestDatabase,
    readonly pool: Pool,
    readonly fleet: Simulation,
    app: INestApplicationContext,
    clock: ManualClock,
  ) {
    this.apps.push(app);
    this.clock = clock;
  }

  static async open({ incarnation, clock = new ManualClock() }: { incarnation?: string; clock?: ManualClock } = {}): Promise<Workshop> {
    const database = await createDatabase();
    const pool = await openPool({ url: database.worker, name: 'test worker', max: 8, logger: silentLogger });
    const app = await NestFactory.createApplicationContext(CommandsModule.over(postgresPorts(pool, clock)), { logger: false, abortOnError: false });
    const fleet = new Simulation({ bus: app.get(CommandBus), book: app.get(Book), reader: new PostgresReader(pool), clock, ...(incarnation === undefined ? {} : { incarnation }) });
    return new Workshop(database, pool, fleet, app, clock);
  }

  get reader(): PostgresReader {
    return new PostgresReader(this.pool);
  }

  /** A worker that begins with an empty memory; what it sends goes through `between`. */
  async hire(between: Between = (execute) => execute): Promise<Hand> {
    const app = await NestFactory.createApplicationContext(CommandsModule.over(postgresPorts(this.pool, this.clock)), { logger: false, abortOnError: false });
    this.apps.push(app);
    const [real, book] = [app.get(CommandBus), app.get(Book)];
    const bus = { execute: between((command) => real.execute(command)) } as unknown as CommandBus;
    return { bus, book, conductor: conductor({ pool: this.pool, reader: this.reader, book, bus, clock: this.clock }) };
  }

  /** Takes a lease, also from a holder who still has it: to that one it looks as if its time had run out. */
  async lease(name: string, holder: string): Promise<Lease> {
    await this.pool.query(`update roll.lease set expires_at = now() - interval '1 second' where name = $1 and holder <> $2`, [name, holder]);
    const lease = await takeLease(this.pool, name, holder, 60);
    if (!lease) throw new Error(`${name} is held by another`);
    return lease;
  }

  /** Lets a follower take all that there is. */
  async drain(follower: Follower, lease: Lease): Promise<void> {
    while ((await follower.step(lease)).taken > 0);
  }

  /** Brings read models to the head of the ledger, a few events at a time if wanted. */
  async project(lease: Lease, chosen: readonly Projection[] = projections, batch?: number): Promise<void> {
    for (const projection of chosen) while ((await projectOn(this.pool, this.reader, projection, lease, batch)) > 0);
  }

  /** For each read model, how many rows a rebuild from zero has otherwise. */
  async differing(): Promise<{ [projection: string]: number | null }> {
    const found: { [projection: string]: number | null } = {};
    for (const projection of projections) found[projection.name] = (await rebuild(this.pool, this.reader, projection, { checkOnly: true })).differing;
    return found;
  }

  async events(stream?: string): Promise<StoredEvent[]> {
    return stream === undefined ? this.reader.read(0, 100_000) : this.reader.readStream(stream);
  }

  async typesOf(stream: string): Promise<string[]> {
    return (await this.events(stream)).map((stored) => stored.type);
  }

  /** Answers, as agents do, the orders given behind a position; returns where it got to. */
  async answer(after: number): Promise<number> {
    const stored = await this.reader.read(after, 10_000);
    for (const one of stored) {
      const { event } = decode(one);
      if (event.type === 'step.ordered') await this.fleet.answer(event.data);
    }
    return stored.at(-1)?.position ?? after;
  }

  async rows<T extends object>(sql: string, ...values: unknown[]): Promise<T[]> {
    return (await this.pool.query<T>(sql, values)).rows;
  }

  async positionOf(name: string): Promise<number> {
    const [row] = await this.rows<{ position: string }>('select position::text from roll.follower where name = $1', name);
    return Number(row?.position ?? 0);
  }

  /** Runs statements as superuser, as people do who should not. */
  async meddle(sql: string): Promise<void> {
    const pool = await openPool({ url: this.database.admin, name: 'test meddling', max: 1, logger: silentLogger });
    await pool.query(sql).finally(() => pool.end());
  }

  async close(): Promise<void> {
    await Promise.all(this.apps.map((app) => app.close()));
    await this.pool.end();
    await this.database.drop();
  }
}

export { followerOf };
