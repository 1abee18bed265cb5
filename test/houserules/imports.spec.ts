import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { importsOf, root, sources } from './sources.js';
import type { Source } from './sources.js';

/** A row of the table in ARCHITECTURE.md: what a room may import, and what of it only in part. */
interface Row {
  rooms: Map<string, 'all' | 'types' | 'reader'>;
  npm: boolean;
  /** `none`, `all`, or the only ones. */
  builtins: 'none' | 'all' | string[];
}

function tableOf(text: string): Map<string, Row> {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith('| room |'));
  const end = lines.findIndex((line, i) => i > start && !line.startsWith('|'));
  const table = new Map<string, Row>();
  // Behind the headings and the line below them.
  for (const line of lines.slice(start + 2, end)) {
    const [, room = '', may = '', mustNot = ''] = line.split('|').map((cell) => cell.trim());
    const named = may.matchAll(/\b(domain|proof|ledger|commands|projections|messaging|platform)\b(?: \((reader|types)\))?/g);
    const rooms = new Map([...named].map(([, name, part]) => [name!, (part ?? 'all') as 'all' | 'types' | 'reader']));
    const only = [...may.matchAll(/node:(\w+) only/g)].map(([, name]) => name!);
    table.set(room, { rooms, npm: !may.includes('not even npm') && only.length === 0, builtins: mustNot.includes('node:*') ? 'none' : only.length > 0 ? only : 'all' });
  }
  return table;
}

const table = tableOf(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'));
const code = sources(['apps', 'libs']).filter((source) => !source.isTest && source.path.endsWith('.ts'));
/** Names of the ledger that change it; whoever may only read it imports none of them. */
const writers = ['PostgresShelf', 'MemoryShelf', 'PostgresBlobs', 'MemoryBlobs', 'Ledger', 'BlobStore'];

function breaches(source: Source): string[] {
  const row = table.get(source.room!);
  if (!row) return [`${source.path}: the table of ARCHITECTURE.md has no room ${source.room}`];
  return importsOf(source).flatMap((one) => {
    const say = (what: string) => [`${source.path} imports ${what}`];
    if (one.from.startsWith('#')) {
      const room = one.from.slice(1);
      const may = row.rooms.get(room);
      if (may === undefined) return say(`the room ${room}`);
      if (may === 'types' && !one.typeOnly) return say(`more than types of ${room}`);
      const writing = may === 'reader' ? one.names.find((name) => writers.includes(name)) : undefined;
      return writing === undefined ? [] : say(`${writing} of ${room}, of which it is only a reader`);
    }
    if (one.from.startsWith('.')) {
      const target = normalize(join(dirname(source.path), one.from)).replaceAll('\\', '/');
      return target.split('/').slice(0, 2).join('/') === source.path.split('/').slice(0, 2).join('/') ? [] : say(`${target}, past its room's door`);
    }
    const builtin = one.from.startsWith('node:') || builtinModules.includes(one.from);
    if (!builtin) return row.npm ? [] : say(`the package ${one.from}`);
    if (!one.from.startsWith('node:')) return say(`${one.from} without node:`);
    return row.builtins === 'all' || (row.builtins !== 'none' && row.builtins.includes(one.from.slice(5))) ? [] : say(one.from);
  });
}

it('reads the table of rooms', () => {
  expect([...table.keys()].sort()).toEqual(['agent', 'api', 'cli', 'commands', 'domain', 'ledger', 'messaging', 'orchat', 'platform', 'projections', 'proof', 'worker']);
  expect(table.get('domain')).toEqual({ rooms: new Map(), npm: false, builtins: 'none' });
  expect(table.get('proof')).toEqual({ rooms: new Map(), npm: false, builtins: ['crypto'] });
  expect(table.get('worker')!.rooms.get('ledger')).toBe('reader');
  expect(table.get('worker')!.rooms.get('domain')).toBe('types');
});

it('finds the rooms that there are', () => {
  expect([...new Set(code.map((source) => source.room!))].sort()).toEqual([...table.keys()].sort());
});

it('lets no room import what the table does not allow it', () => {
  expect(code.flatMap(breaches)).toEqual([]);
});

it('would notice a breach', () => {
  const told = (room: string, text: string) => breaches({ path: `libs/${room}/src/x.ts`, text, lines: 1, isTest: false, room });
  expect(told('domain', `import { createHash } from 'node:crypto';`)).toHaveLength(1);
  expect(told('domain', `import x from 'yaml';`)).toHaveLength(1);
  expect(told('agent', `import { Book } from '#commands';`)).toHaveLength(1);
  expect(told('worker', `import { streamOf } from '#domain';`)).toHaveLength(1);
  expect(told('worker', `import { PostgresShelf } from '#ledger';`)).toHaveLength(1);
  expect(told('ledger', `import { x } from '../../proof/src/hash.js';`)).toHaveLength(1);
  expect(told('worker', `import type { DomainEvent } from '#domain';`)).toEqual([]);
});

it('has no cycle among the files of a room', () => {
  const byPath = new Map(code.map((source) => [source.path, source]));
  const next = (path: string) => importsOf(byPath.get(path)!).filter((one) => one.from.startsWith('.') && !one.typeOnly)
    .map((one) => normalize(join(dirname(path), one.from.replace(/\.js$/, '.ts'))).replaceAll('\\', '/')).filter((target) => byPath.has(target));
  const done = new Set<string>();
  const cycles: string[] = [];
  const walk = (path: string, trail: string[]): void => {
    if (trail.includes(path)) return void cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
    if (done.has(path)) return;
    for (const target of next(path)) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const path of byPath.keys()) walk(path, []);
  expect(cycles).toEqual([]);
});
