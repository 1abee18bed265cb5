import { canonicalJson } from '#proof';
import { EnvelopeTooLarge, limits } from './contract.js';
import type { AppendItem, Envelope, NewEvent, StoredEvent } from './contract.js';

const streamPattern = /^[a-z][a-z-]*\/[A-Za-z0-9][A-Za-z0-9._:-]{0,199}$/;
const typePattern = /^[a-z][a-z-]*\.[a-z][a-z-]*$/;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The bytes of an item's events without the server's stamp, one canonical JSON object each. */
export function bodiesOf(item: AppendItem): Buffer[] {
  assertItem(item);
  return item.events.map((event, ordinal) => {
    const body = Buffer.from(canonicalJson(fields(item, event, ordinal)));
    const bytes = body.length + limits.stampBytes;
    if (bytes > limits.envelopeBytes) throw new EnvelopeTooLarge(event.type, bytes);
    return body;
  });
}

function fields(item: AppendItem, event: NewEvent, ordinal: number): Omit<Envelope, '_ledger'> {
  return {
    actor: { kind: item.actor.kind, ref: item.actor.ref },
    causation: item.causation ?? null,
    command: item.command,
    correlation: item.correlation,
    data: event.data,
    occurredAt: event.occurredAt,
    ordinal,
    revision: event.revision,
    stream: item.stream,
    type: event.type,
  };
}

/** What the server stores: the stamp sorts before every other key, so the bytes stay canonical. */
export function stamped(body: Buffer, position: number, recordedAt: string, version: number): Buffer {
  const stamp = `{"_ledger":{"position":${position},"recordedAt":"${recordedAt}","version":${version}},`;
  return Buffer.concat([Buffer.from(stamp), body.subarray(1)]);
}

/** Reads the bytes of a stored event. */
export function envelopeOf(event: StoredEvent): Envelope {
  return JSON.parse(event.bytes.toString('utf8')) as Envelope;
}

/** The id of an event: its command and its place in it. */
export function eventId(event: { command: string; ordinal: number }): string {
  return `${event.command}.${event.ordinal}`;
}

function assertItem(item: AppendItem): void {
  if (item.events.length < 1 || item.events.length > limits.eventsPerItem) {
    throw new RangeError(`an item holds 1 to ${limits.eventsPerItem} events, not ${item.events.length}`);
  }
  if (!streamPattern.test(item.stream)) throw new TypeError(`not the name of a stream: ${item.stream}`);
  if (!uuid.test(item.command)) throw new TypeError(`a command id is a lower-case UUID, not ${item.command}`);
  if (!/^[0-9a-f]{64}$/.test(item.digest)) throw new TypeError('a command digest is 64 hex digits');
  if (item.guards?.some((guard) => guard.stream === item.stream)) {
    throw new TypeError(`a guard on ${item.stream}, which the item writes: use its expectation`);
  }
  for (const event of item.events) {
    if (!typePattern.test(event.type)) throw new TypeError(`not the type of an event: ${event.type}`);
    if (!instant.test(event.occurredAt)) throw new TypeError(`${event.type} has no instant in UTC with milliseconds`);
    if (!Number.isInteger(event.revision) || event.revision < 1) throw new TypeError(`${event.type} has no revision`);
  }
}
