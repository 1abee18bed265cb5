import { revisions, upcast } from '#domain';
import type { DomainEvent, RevisionTable } from '#domain';
import { envelopeOf, eventId } from '#ledger';
import type { StoredEvent } from '#ledger';
import type { Fact, Projection } from './projection.js';
import { RowSet } from './row-set.js';

/** A key whose event could not be taken, since which position, and how many events wait behind it. */
export interface Parked {
  key: string;
  position: number;
  behind: number;
  reason: string;
}

/** An event that could be read, or why not. An unreadable one parks its stream. */
export type Reading = { ok: true; fact: Fact } | { ok: false; stream: string; position: number; reason: string };

const table: RevisionTable = revisions;

export function readFact(stored: StoredEvent): Reading {
  const { stream, position, version } = stored;
  try {
    const envelope = envelopeOf(stored);
    const data = upcast(table, envelope.type, envelope.revision, envelope.data);
    const event = { type: envelope.type, data } as unknown as DomainEvent;
    return { ok: true, fact: { event, position, stream, version, eventId: eventId(stored), envelope } };
  } catch (error) {
    return { ok: false, stream, position, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** What of a projection is parked; shared by the live projector and a rebuild, so that both set aside the same. */
export class ParkedKeys {
  private readonly keys = new Map<string, Parked>();
  private readonly changed = new Set<string>();

  constructor(parked: readonly Parked[] = []) {
    for (const one of parked) this.keys.set(one.key, one);
  }

  holds(key: string): boolean {
    return this.keys.has(key);
  }

  park(key: string, position: number, reason: string): void {
    this.keys.set(key, { key, position, behind: 0, reason });
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
  if (!reading.ok) {
    if (parked.holds(reading.stream)) parked.countBehind(reading.stream);
    else parked.park(reading.stream, reading.position, reading.reason);
    return;
  }
  const { fact } = reading;
  const key = projection.keyOf(fact);
  if (key === undefined) return;
  const held = [key, fact.stream].find((one) => parked.holds(one));
  if (held !== undefined) return parked.countBehind(held);
  try {
    projection.apply(fact, rows);
    rows.commit();
  } catch (error) {
    rows.discard();
    parked.park(key, fact.position, error instanceof Error ? error.message : String(error));
  }
}
