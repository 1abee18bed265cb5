import type { Waiting } from './batch.js';
import type { AppendResult, Expectation } from '../contract.js';

const text = `select item, outcome, last_position::text, last_version, wrong_stream, wrong_version from ledger.append(
  $1::text[], $2::integer[], $3::uuid[], $4::bytea, $5::integer[], $6::integer[], $7::integer[], $8::text[],
  $9::integer[], $10::bytea, $11::integer[], $12::text[], $13::integer[])`;

/** The query for one batch; bodies and digests travel as single binary values, not as arrays of escaped text. */
export function appendStatement(batch: readonly Pick<Waiting, 'item' | 'bodies'>[]): { name: string; text: string; rowMode: 'array'; values: unknown[] } {
  const events: { items: number[]; ordinals: number[]; types: string[]; lengths: number[] } = { items: [], ordinals: [], types: [], lengths: [] };
  const guards: { items: number[]; streams: string[]; versions: number[] } = { items: [], streams: [], versions: [] };
  const bodies: Buffer[] = [];
  batch.forEach(({ item, bodies: own }, i) => {
    own.forEach((body, ordinal) => {
      events.items.push(i + 1);
      events.ordinals.push(ordinal);
      events.types.push(item.events[ordinal]!.type);
      events.lengths.push(body.length);
      bodies.push(body);
    });
    for (const guard of item.guards ?? []) {
      guards.items.push(i + 1);
      guards.streams.push(guard.stream);
      guards.versions.push(guard.version);
    }
  });
  return {
    name: 'ledger-append',
    text,
    rowMode: 'array',
    values: [
      plain(batch.map(({ item }) => item.stream)),
      plain(batch.map(({ item }) => expectCode(item.expect))),
      plain(batch.map(({ item }) => item.command)),
      Buffer.from(batch.map(({ item }) => item.digest).join(''), 'hex'),
      plain(batch.map((one) => one.bodies.length)),
      plain(events.items),
      plain(events.ordinals),
      plain(events.types),
      plain(events.lengths),
      Buffer.concat(bodies),
      plain(guards.items),
      guards.streams,
      plain(guards.versions),
    ],
  };
}

/** An array for PostgreSQL of values that need no quotes: numbers, UUIDs, and the names of streams and types, which were checked. */
function plain(values: readonly (string | number)[]): string {
  return `{${values.join(',')}}`;
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
