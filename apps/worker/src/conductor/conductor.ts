import type { CommandBus } from '@nestjs/cqrs';
import type { Pool } from 'pg';
import { decode } from '#commands';
import type { Book } from '#commands';
import type { LedgerReader } from '#ledger';
import { eventId } from '#ledger';
import { dueTimers, inTransaction, moveOn, readStanding, removeTimer, writeTimers } from '#projections';
import type { Lease, Timer } from '#projections';
import type { Clock } from '#platform';
import { isOver } from '../follower.js';
import type { Follower } from '../follower.js';
import { Carrier } from './carrier.js';
import type { Task } from './carrier.js';
import { reactionsTo, timersOf } from './react.js';

const name = 'conductor';
const batch = 500;
/** How often deadlines are looked at, in milliseconds. */
const timerMs = 250;

/**
 * Turns facts into the commands that they ask for, and deadlines into expiries. What it sent for a batch is repeated
 * after a crash; the ids of the commands follow from the facts, so that a repeat has no further effect.
 */
export function conductor(options: { pool: Pool; reader: LedgerReader; book: Book; bus: CommandBus; clock: Clock }): Follower {
  const { pool, reader, book, bus, clock } = options;
  const carrier = new Carrier(bus, book);
  let timersAt = 0;

  async function fireTimers(): Promise<void> {
    if (!isOver(clock.millis() - timersAt, timerMs)) return;
    timersAt = clock.millis();
    for (const timer of await dueTimers(pool, clock.now(), 200)) {
      await carrier.expire(timer);
      await removeTimer(pool, timer);
    }
  }

  return {
    name,
    idleMs: timerMs,
    async step(lease: Lease) {
      await fireTimers();
      const { position } = await readStanding(pool, name);
      const stored = await reader.read(position, batch);
      if (stored.length === 0) return { taken: 0, position };
      book.learn(stored);
      const tasks: Task[] = [];
      const timers = new Map<string, Timer | undefined>();
      for (const one of stored) {
        const { event, envelope } = decode(one);
        const cause = eventId(one);
        for (const reaction of reactionsTo(event)) {
          tasks.push({ reaction, cause, correlation: envelope.correlation });
        }
        const { set, removed } = timersOf(event, { cause, correlation: envelope.correlation });
        for (const gone of removed) timers.set(gone, undefined);
        for (const timer of set) timers.set(timer.name, timer);
      }
      await carrier.carryOut(tasks);
      const to = stored.at(-1)!.position;
      await inTransaction(pool, async (client) => {
        await moveOn(client, { name, from: position, to, lease });
        const set = [...timers.values()].filter((timer) => timer !== undefined);
        await writeTimers(client, set, [...timers].filter(([, timer]) => timer === undefined).map(([gone]) => gone));
      });
      return { taken: stored.length, position: to };
    },
  };
}
