import type { Shape } from '../releases.js';
import { problemsOf } from './check.js';
import { fieldsOf, schemaOf, sectionsOf } from './fields.js';
import { type Member, membersOf } from './members.js';
import { type Tree, isTree, setAt } from './tree.js';

export interface Settings {
  shape: Shape;
  /** What the shape defines. */
  values: Tree;
  /** The person's own settings, kept as they were written. */
  own: Member[];
}

export type Parsed = { settings: Settings } | { problems: string[] };

export function parseSettings(text: string): Parsed {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return { problems: [`not valid JSON: ${(error as Error).message}`] };
  }
  if (!isTree(document)) return { problems: ['must be a JSON object'] };
  const members = membersOf(text);
  const twice = members.find((member, index) => members.findIndex(({ key }) => key === member.key) !== index);
  if (twice) return { problems: [`${twice.key}: appears twice`] };
  const shape = shapeOf(document);
  if (typeof shape !== 'string') return shape;
  const sections = new Set(sectionsOf(shape));
  const values: Tree = Object.fromEntries(Object.entries(document).filter(([name]) => sections.has(name)));
  const problems = problemsOf(values, shape);
  if (problems.length > 0) return { problems };
  return {
    settings: { shape, values, own: members.filter(({ key }) => key !== 'schema' && !sections.has(key)) },
  };
}

function shapeOf(document: Tree): Shape | { problems: string[] } {
  switch (document.schema) {
    case 2:
      return 'schema2';
    case 3:
      return Object.hasOwn(document, 'metrics') ? 'schema3-metrics' : 'schema3';
    case 4:
      return 'schema4';
    case undefined:
      return { problems: ['schema: is missing'] };
    default:
      return { problems: [`schema: ${JSON.stringify(document.schema)} is unknown; it must be 2, 3 or 4`] };
  }
}

export function defaultSettings(shape: Shape): Settings {
  const values: Tree = {};
  for (const [path, rule] of Object.entries(fieldsOf[shape])) {
    setAt(values, path, structuredClone(rule.default));
  }
  return { shape, values, own: [] };
}

export function renderSettings({ shape, values, own }: Settings): string {
  const members = [
    `"schema": ${schemaOf(shape)}`,
    ...Object.entries(values).map(([name, value]) => `${JSON.stringify(name)}: ${indented(value)}`),
    ...own.map(({ rawKey, raw }) => `${rawKey}: ${raw}`),
  ];
  return `{\n  ${members.join(',\n  ')}\n}\n`;
}

function indented(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll('\n', '\n  ');
}
