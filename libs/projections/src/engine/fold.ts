import { revisions, upcast } from '#domain';
import type { DomainEvent, RevisionTable } from '#domain';
import { envelopeOf, eventId } from '#ledger';
import type { StoredEvent } from '#ledger';
import type { Fact, Projection, RowRef } from './projection.js';
import { RowSet } from './row-set.js';

/** A key whose event could not be taken, since which position, and how many events wait behind it. */
export interface Parked {
  key: string;
  position: number;
  behind: number;
  reason: string;
}

/** An event as a projection reads it, or why it cannot. An unreadable one parks its stream. */
export type Reading =
  | { ok: true; position: number; fact: Fact; key: string | undefined; reads: RowRef[] }
  | { ok: false; position: number; stream: string; reason: string };

const table: RevisionTable = revisions;

export function readFact(projection: Projection, stored: StoredEvent): Reading {
  const { stream, position, version } = stored;
  try {
    const envelope = envelopeOf(stored);
    const data = upcast(table, envelope.type, envelope.revision, envelope.data);
    const event = { type: envelope.type, data } as unknown as DomainEvent;
    const fact: Fact = { event, position, stream, version, eventId: eventId(stored), envelope };
    const key = projection.keyOf(fact);
    return { ok: true, position, fact, key, reads: key === undefined ? [] : projection.reads(fact) };
  } catch (error) {
    return { ok: false, position, stream, reason: messageOf(error) };
  }
}

const reasonMax = 1_000;

/** What of a projection is parked; shared by the live projector and a rebuild, so that both set aside the same. */
export class ParkedKeys {
  private readonly keys = new Map<string, Parked>();
  private readonly changed = new Set<string>();

  constructor(parked: readonly Parked[] = []) {
    for (const one of parked) this.keys.set(one.key, { ...one });
  }

  holds(key: string): boolean {
    return this.keys.has(key);
  }

  /** Sets a key aside; one that is set aside already only has one event more behind it. */
  park(key: string, position: number, reason: string): void {
    if (this.holds(key)) return this.countBehind(key);
    this.keys.set(key, { key, position, behind: 0, reason: reason.replaceAll('\u0000', '\ufffd').slice(0, reasonMax) });
    this.changed.add(key);
  }

  countBehind(key: string): void {
    this.keys.get(key)!.behind += 1;
    this.changed.add(key);
  }

  takeChanged(): Parked[] {
    const taken = [...this.changed].map((key) => this.keys.get(key)!);
    this.changed.clear();
    return taken;
  }

  all(): Parked[] {
    return [...this.keys.values()];
  }
}

/** Lets a projection take one event, or sets its key aside. */
export function takeFact(projection: Projection, reading: Reading, rows: RowSet, parked: ParkedKeys): void {
  if (!reading.ok) return parked.park(reading.stream, reading.position, reading.reason);
  const { fact, key } = reading;
  if (key === undefined) return;
  const held = [key, fact.stream].find((one) => parked.holds(one));
  if (held !== undefined) return parked.countBehind(held);
  try {
    projection.apply(fact, rows);
    rows.commit();
  } catch (error) {
    rows.discard();
    parked.park(key, fact.position, messageOf(error));
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
