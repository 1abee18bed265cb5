import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Source {
  /** Path from the root, with slashes. */
  path: string;
  text: string;
  lines: number;
  isTest: boolean;
  /** `domain`, `api`, ...; undefined outside apps and libs. */
  room: string | undefined;
}

export function sources(folders: readonly string[]): Source[] {
  return folders.flatMap((folder) => walk(join(root, folder))).map(read);
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : walk(path);
    return /\.(ts|mjs)$/.test(entry.name) ? [path] : [];
  });
}

function read(file: string): Source {
  const path = relative(root, file).replaceAll('\\', '/');
  const text = readFileSync(file, 'utf8');
  const [top, room] = path.split('/');
  const isTest = path.startsWith('test/') || path.endsWith('.spec.ts');
  return { path, text, lines: text.split('\n').length - 1, isTest, room: top === 'apps' || top === 'libs' ? room : undefined };
}

/** What a source imports: the specifier, the names, and whether only types come along. */
export interface Import {
  from: string;
  names: string[];
  typeOnly: boolean;
}

const statement = /^(?:import|export)\s+(type\s+)?(?:([\w*\s{},$]+?)\s+from\s+)?'([^']+)'/gm;
const dynamic = /\bimport\('([^']+)'\)/g;

export function importsOf({ text }: Source): Import[] {
  const found = [...text.matchAll(statement)].map(([, type, names = '', from]): Import => ({
    from: from!, typeOnly: type !== undefined, names: names.replace(/[{}]/g, ' ').split(',').map((name) => name.trim().split(/\s+as\s+/)[0]!).filter((name) => name !== ''),
  }));
  return [...found, ...[...text.matchAll(dynamic)].map(([, from]): Import => ({ from: from!, names: [], typeOnly: false }))];
}
