import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { refusals } from '#domain';
import { errorTable } from '#platform';
import type { ErrorKind } from '#platform';
import { root, sources } from '../houserules/sources.js';

const page = readFileSync(join(root, 'docs/api.md'), 'utf8');
const listed = (part: string) => [...page.split(`### ${part}\n`)[1]!.split('\n#')[0]!.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \| (.+) \|$/gm)].map(([, code, status, says]) => [code, Number(status), says] as [string, number, string]);
const sorted = <T>(entries: [string, ...T[]][]) => [...entries].sort(([a], [b]) => (a < b ? -1 : 1));

it('the page of the API lists every code of the rules, with its status and what to do next', () => {
  const wanted = Object.entries(refusals).map(([code, { kind, next }]) => [code, errorTable[kind].status, next] as [string, number, string]);
  expect(listed('Of the rules')).toEqual(sorted(wanted));
});

it('the page of the API lists every code of the request, with its status', () => {
  const made = sources(['apps/api']).flatMap(({ text }) => [...text.matchAll(/new Problem\('([a-z-]+)', '([a-z-]+)'/g)]);
  const statuses = new Map<string, number>(made.map(([, kind, code]) => [code!, errorTable[kind as ErrorKind].status]));
  for (const [code, kind] of [['command-reused', 'reused'], ['version-differs', 'stale']] as const) statuses.set(code, errorTable[kind].status);
  expect(statuses.size).toBeGreaterThan(20);
  expect(listed('Of the request').map(([code, status]) => [code, status])).toEqual(sorted([...statuses]));
});
