import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { NestFactory } from '@nestjs/core';
import { CommandBus } from '@nestjs/cqrs';
import type { INestApplicationContext } from '@nestjs/common';
import { Book, CommandsModule } from '#commands';
import type { Meta } from '#commands';
import { MemoryBlobs, MemoryShelf } from '#ledger';
import type { AppendItem, AppendResult } from '#ledger';
import { ManualClock } from '#platform';
import { Simulation } from './simulation.js';

/** The ledger in memory, with somebody who may be quicker than the command that is about to be recorded. */
export class CrowdedShelf extends MemoryShelf {
  /** Done once, right before the next append that it says yes to. */
  private meddler: { when: (items: AppendItem[]) => boolean; act: () => Promise<unknown> } | undefined;
  appends = 0;

  meddle(act: () => Promise<unknown>, when: (items: AppendItem[]) => boolean = () => true): void {
    this.meddler = { act, when };
  }

  override async append(items: AppendItem[]): Promise<AppendResult[]> {
    const { meddler } = this;
    if (meddler?.when(items)) {
      this.meddler = undefined;
      await meddler.act();
    }
    this.appends += 1;
    return super.append(items);
  }
}

/** Every command handler over a ledger in memory, under a clock that stands still until it is moved. */
export class MemoryHouse {
  readonly fleet: Simulation;

  private constructor(
    readonly ledger: CrowdedShelf,
    readonly blobs: MemoryBlobs,
    readonly clock: ManualClock,
    private readonly app: INestApplicationContext,
  ) {
    this.fleet = new Simulation({ bus: this.bus, book: this.book, reader: ledger, clock });
  }

  static async open(beside?: MemoryHouse): Promise<MemoryHouse> {
    const clock = beside?.clock ?? new ManualClock();
    const ledger = beside?.ledger ?? new CrowdedShelf(() => clock.now());
    const blobs = beside?.blobs ?? new MemoryBlobs();
    const app = await NestFactory.createApplicationContext(CommandsModule.over({ ledger, blobs, clock }), { logger: false, abortOnError: false });
    return new MemoryHouse(ledger, blobs, clock, app);
  }

  get bus(): CommandBus {
    return this.app.get(CommandBus);
  }

  get book(): Book {
    return this.app.get(Book);
  }

  meta(command: string = randomUUID()): Meta {
    return { command, actor: { kind: 'person', ref: 'tester' } };
  }

  async size(): Promise<number> {
    return (await this.ledger.head()).position;
  }

  /** Types of the events behind a position. */
  async typesAfter(position: number): Promise<string[]> {
    return (await this.ledger.read(position, 10_000)).map((stored) => stored.type);
  }

  close(): Promise<void> {
    return this.app.close();
  }
}
