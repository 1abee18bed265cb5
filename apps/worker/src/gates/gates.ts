import type { CommandBus } from '@nestjs/cqrs';
import type { Pool } from 'pg';
import { SampleGate, decode, dueSamples } from '#commands';
import type { Book, Meta, SampleOf } from '#commands';
import type { DomainEvent, Due, GateSample, Rollout } from '#domain';
import type { LedgerReader } from '#ledger';
import { idFrom } from '#platform';
import type { Clock, Logger } from '#platform';
import { inTransaction, moveOn, readStanding } from '#projections';
import type { Lease } from '#projections';
import type { Follower } from '../follower.js';
import { askPrometheus, askWebhook } from './outside.js';
import type { OutsideOptions } from './outside.js';

const name = 'gates';
const batch = 500;
/** How often it is looked whether a sample is due, in milliseconds. */
const lookMs = 250;
const atOnce = 20;

/** Kept with the position: rollouts whose gates are open. */
interface Memory {
  open?: string[];
}

export interface GatesOptions {
  pool: Pool;
  reader: LedgerReader;
  book: Book;
  bus: CommandBus;
  clock: Clock;
  logger: Logger;
  outside: Omit<OutsideOptions, 'signal'>;
}

/**
 * Asks open gates for what they say when it is time, and has it recorded and judged. The number of a sample is part of
 * its command's id: two workers that asked at the same time have one sample recorded, and one verdict.
 */
export function gates({ pool, reader, book, bus, clock, logger, outside }: GatesOptions): Follower {
  const asking = new Map<string, Promise<void>>();
  const stopping = new AbortController();
  let rollouts = new Set<string>();
  let lookedAt = 0;

  async function sample(of: SampleOf, asked: Due['asked'], state: Rollout): Promise<void> {
    const found = await foundOutside(of, asked, state);
    if (stopping.signal.aborted) return;
    const id = idFrom('gate', of.rollout, String(of.wave), String(of.round), String(of.gate), String(of.sample));
    const meta: Meta = { command: id, actor: { kind: 'service', ref: 'gates' }, at: clock.now() };
    const outcome = await bus.execute(new SampleGate(meta, of, found));
    if (!outcome.ok && outcome.refusal.code !== 'command-reused') logger.warn('a gate could not be sampled', { ...of, refusal: outcome.refusal.code });
  }

  async function foundOutside(of: SampleOf, asked: Due['asked'], { header, digest }: Rollout): Promise<GateSample | null> {
    const options = { ...outside, signal: stopping.signal };
    if (asked.gate === 'prometheus') return askPrometheus(asked, options);
    if (asked.gate === 'manual') return { gate: 'manual' };
    if (asked.gate !== 'webhook') return null;
    const { rollout, wave, round, sample: number } = of;
    return askWebhook(asked, { rollout, product: header.product, to: header.to, digest, wave, round, sample: number }, options);
  }

  async function askDue(): Promise<void> {
    if (clock.millis() - lookedAt < lookMs) return;
    lookedAt = clock.millis();
    for (const rollout of rollouts) {
      const { state } = await book.rollout(rollout);
      if (state.status === 'none') continue;
      for (const { of, asked } of dueSamples(state, clock.now())) {
        const key = `${rollout} ${of.gate}`;
        if (asking.has(key) || asking.size >= atOnce) continue;
        const work = sample(of, asked, state).catch((error: unknown) => logger.error('a gate could not be sampled', { ...of, error }));
        asking.set(key, work.finally(() => asking.delete(key)));
      }
    }
  }

  return {
    name,
    idleMs: lookMs,
    async step(lease: Lease) {
      const { position, memory } = await readStanding<Memory>(pool, name);
      rollouts = new Set(memory.open ?? []);
      const stored = await reader.read(position, batch);
      if (stored.length === 0) {
        await askDue();
        return { taken: 0, position };
      }
      book.learn(stored);
      for (const one of stored) if (one.stream.startsWith('rollout/')) follow(decode(one).event, rollouts);
      const to = stored.at(-1)!.position;
      await inTransaction(pool, (client) => moveOn(client, { name, from: position, to, memory: { open: [...rollouts] }, lease }));
      await askDue();
      return { taken: stored.length, position: to };
    },
    async stop() {
      stopping.abort();
      await Promise.all(asking.values());
    },
  };
}

/** Which rollouts have gates that may have to be asked. Where it is one too many, its state says that none is open. */
function follow(event: DomainEvent, rollouts: Set<string>): void {
  switch (event.type) {
    case 'rollout.gates-opened':
      rollouts.add(event.data.rollout);
      return;
    case 'rollout.wave-passed':
    case 'rollout.rollback-begun':
    case 'rollout.stopped':
    case 'rollout.aborted':
    case 'rollout.completed':
    case 'rollout.amended':
    case 'rollout.expired':
      rollouts.delete(event.data.rollout);
      return;
    default:
  }
}
