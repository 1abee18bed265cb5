import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument, visit } from 'yaml';
import type { Document, Node } from 'yaml';
import { isPlainText } from '../shapes.js';
import { nestsDeeper } from './yaml-depth.js';

/** One thing that is wrong with a file, where a person finds it. */
export interface FileProblem {
  file: string;
  line: number;
  field: string;
  says: string;
}

export class CatalogueError extends Error {
  constructor(readonly problems: FileProblem[]) {
    super(problems.map(({ file, line, field, says }) => `${file}:${line}: ${field}${field === '' ? '' : ': '}${says}`).join('\n'));
    this.name = 'CatalogueError';
  }
}

/** Far above what a file of a catalogue needs. */
const textMax = 1024 * 1024;
const depthMax = 32;

/** Reads YAML field by field; every wrong one is collected with its line, so that a person mends all at once. */
export class YamlFile {
  readonly problems: FileProblem[] = [];
  private readonly lines = new LineCounter();
  readonly root: Field;

  constructor(
    readonly file: string,
    text: string,
  ) {
    const document = this.parse(text);
    this.root = new Field(this, this.problems.length === 0 ? document?.contents : null, '');
  }

  private parse(text: string): Document | undefined {
    const wrong = (line: number, says: string): undefined => void this.problems.push({ file: this.file, line, field: '', says });
    if (text.length > textMax) return wrong(1, `is longer than ${textMax} characters`);
    if (nestsDeeper(text, depthMax)) return wrong(1, `nests more deeply than ${depthMax} levels`);
    const document: Document = parseDocument(text, { lineCounter: this.lines, uniqueKeys: true, stringKeys: true });
    for (const error of document.errors) {
      const [first] = error.message.split('\n');
      wrong(error.linePos?.[0].line ?? 1, first!.replace(/ at line \d+, column \d+:?$/, ''));
    }
    if (document.directives?.yaml.version !== '1.2') wrong(1, 'must be YAML 1.2');
    // What stands there is what is meant: nothing is included from elsewhere, nor read as another type than it looks.
    visit(document, {
      Alias: (_, node) => wrong(this.lineOf(node), `holds the alias *${node.source}; write it out`),
      Node: (_, node) => {
        if (!isAlias(node) && node.tag !== undefined) wrong(this.lineOf(node), `holds the tag ${node.tag}, which is not read`);
      },
    });
    return document;
  }

  private lineOf(node: Node): number {
    return node.range ? this.lines.linePos(node.range[0]).line : 1;
  }

  report(node: Node | null | undefined, field: string, says: string): void {
    // After one mistake in the syntax, all that follows from it would only confuse.
    if (this.problems.some((problem) => problem.field === '')) return;
    this.problems.push({ file: this.file, line: node ? this.lineOf(node) : 1, field, says });
  }
}

export class Field {
  constructor(
    private readonly yaml: YamlFile,
    private readonly node: Node | null | undefined,
    readonly path: string,
    private readonly parent: Node | null | undefined = node,
  ) {}

  get present(): boolean {
    return this.node !== null && this.node !== undefined && !(isScalar(this.node) && this.node.value === null);
  }

  wrong(says: string): void {
    this.yaml.report(this.node ?? this.parent, this.path, says);
  }

  /** The fields of a map; others than those named are reported. */
  map<const K extends string>(allowed: readonly K[]): Record<K, Field> {
    const fields = Object.fromEntries(allowed.map((key) => [key, this.child(key)])) as Record<K, Field>;
    if (!isMap(this.node)) {
      this.wrong(`must be a map of ${allowed.join(', ')}`);
      return fields;
    }
    for (const pair of this.node.items) {
      const key = keyOf(pair.key);
      if (!(allowed as readonly string[]).includes(key)) {
        this.yaml.report(pair.key as Node, this.join(key), `is not known here; known are ${allowed.join(', ')}`);
      }
    }
    return fields;
  }

  /** The entries of a map with free keys. */
  entries(): [string, Field][] {
    if (!this.present) return [];
    if (!isMap(this.node)) {
      this.wrong('must be a map');
      return [];
    }
    return this.node.items.map((pair) => [keyOf(pair.key), this.child(keyOf(pair.key))]);
  }

  /** The items of a list; none when it is absent. */
  list(): Field[] {
    if (!this.present) return [];
    if (!isSeq(this.node)) {
      this.wrong('must be a list');
      return [];
    }
    return this.node.items.map((item, i) => new Field(this.yaml, item as Node, `${this.path}[${i}]`, this.node));
  }

  text(pattern: RegExp = /^.{1,500}$/s, about = 'a text of at most 500 characters'): string {
    const value = isScalar(this.node) ? this.node.value : undefined;
    if (typeof value === 'string' && pattern.test(value) && isPlainText(value)) return value;
    this.wrong(this.present ? `must be ${about}` : `is missing; it must be ${about}`);
    return '';
  }

  /** A scalar as it is written, so that `version: 1.10` is not read as a number. */
  written(pattern: RegExp, about: string): string {
    const source = isScalar(this.node) && this.node.value !== null ? this.node.source : undefined;
    if (source !== undefined && pattern.test(source) && isPlainText(source)) return source;
    this.wrong(this.present ? `must be ${about}` : `is missing; it must be ${about}`);
    return '';
  }

  integer(min: number, max: number): number {
    const value = isScalar(this.node) ? this.node.value : undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    this.wrong(`must be a whole number from ${min} to ${max}`);
    return min;
  }

  number(min: number, max: number): number {
    const value = isScalar(this.node) ? this.node.value : undefined;
    if (typeof value === 'number' && value >= min && value <= max) return value;
    this.wrong(`must be a number from ${min} to ${max}`);
    return min;
  }

  boolean(): boolean {
    const value = isScalar(this.node) ? this.node.value : undefined;
    if (typeof value !== 'boolean') this.wrong('must be true or false');
    return value === true;
  }

  scalar(): string | number | boolean {
    const value = isScalar(this.node) ? this.node.value : undefined;
    if (typeof value === 'string' ? isPlainText(value) : typeof value === 'boolean' || Number.isFinite(value)) return value as string;
    this.wrong('must be a text, a number, or true or false');
    return '';
  }

  oneOf<const T extends string>(values: readonly T[]): T {
    const value = isScalar(this.node) ? this.node.value : undefined;
    if (values.includes(value as T)) return value as T;
    this.wrong(this.present ? `must be one of ${values.join(', ')}` : `is missing; it must be one of ${values.join(', ')}`);
    return values[0]!;
  }

  private child(key: string): Field {
    const node = isMap(this.node) ? (this.node.get(key, true) as Node | undefined) : undefined;
    return new Field(this.yaml, node, this.join(key), this.node ?? this.parent);
  }

  private join(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }
}

function keyOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : '';
}
