import type { Waiting } from './batch.js';
import type { AppendResult, Expectation } from '../contract.js';

const text = `select item, outcome, last_position::text, last_version, wrong_stream, wrong_version from ledger.append(
  $1::text[], $2::integer[], $3::uuid[], $4::bytea, $5::integer[], $6::integer[], $7::integer[], $8::text[],
  $9::integer[], $10::bytea, $11::integer[], $12::text[], $13::integer[])`;

/** The query for one batch; bodies and digests travel as single binary values, not as arrays of escaped text. */
export function appendStatement(batch: Waiting[]): { name: string; text: string; rowMode: 'array'; values: unknown[] } {
  const events = batch.flatMap((one, i) => one.bodies.map((body, ordinal) => ({ item: i + 1, ordinal, body, type: one.item.events[ordinal]!.type })));
  const guards = batch.flatMap((one, i) => (one.item.guards ?? []).map((guard) => ({ item: i + 1, ...guard })));
  return {
    name: 'ledger-append',
    text,
    rowMode: 'array',
    values: [
      batch.map((one) => one.item.stream),
      batch.map((one) => expectCode(one.item.expect)),
      batch.map((one) => one.item.command),
      Buffer.from(batch.map((one) => one.item.digest).join(''), 'hex'),
      batch.map((one) => one.bodies.length),
      events.map((event) => event.item),
      events.map((event) => event.ordinal),
      events.map((event) => event.type),
      events.map((event) => event.body.length),
      Buffer.concat(events.map((event) => event.body)),
      guards.map((guard) => guard.item),
      guards.map((guard) => guard.stream),
      guards.map((guard) => guard.version),
    ],
  };
}

export type AppendRow = [item: number, outcome: AppendResult['outcome'], position: string | null, version: number | null, stream: string | null, wrongVersion: number | null];

export function resultOf(row: AppendRow): AppendResult {
  const [, outcome, position, version, stream, wrongVersion] = row;
  switch (outcome) {
    case 'appended':
    case 'repeated':
      return { outcome, position: Number(position), version: version! };
    case 'conflict':
    case 'guard':
      return { outcome, stream: stream!, version: wrongVersion! };
    case 'command-reused':
      return { outcome };
  }
}

function expectCode(expect: Expectation): number {
  if (expect === 'any') return -1;
  if (expect === 'exists') return -2;
  return expect === 'no-stream' ? 0 : expect.exact;
}
