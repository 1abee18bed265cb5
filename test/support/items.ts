import { randomUUID } from 'node:crypto';
import { digestOf } from '#ledger';
import type { AppendItem, NewEvent } from '#ledger';

export function event(type = 'thing.happened', data: NewEvent['data'] = { value: 1 }): NewEvent {
  return { type, revision: 1, data, occurredAt: '2026-01-16T09:00:00.000Z' };
}

/** An item with sensible parts; the digest follows from what it would write. */
export function item(stream: string, overrides: Partial<AppendItem> = {}): AppendItem {
  const events = overrides.events ?? [event()];
  return {
    stream,
    expect: 'any',
    events,
    command: randomUUID(),
    digest: digestOf({ stream, events: events.map((one) => ({ ...one })) }),
    actor: { kind: 'service', ref: 'test' },
    correlation: randomUUID(),
    ...overrides,
  };
}
