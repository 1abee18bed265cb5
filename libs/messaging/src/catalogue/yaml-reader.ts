import { LineCounter, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { Node } from 'yaml';

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

/** Reads YAML field by field; every wrong one is collected with its line, so that a person mends all at once. */
export class YamlFile {
  readonly problems: FileProblem[] = [];
  private readonly lines = new LineCounter();
  readonly root: Field;

  constructor(
    readonly file: string,
    text: string,
  ) {
    const document = parseDocument(text, { lineCounter: this.lines, uniqueKeys: true, stringKeys: true });
    for (const error of document.errors) {
      const [first] = error.message.split('\n');
      this.problems.push({ file, line: error.linePos?.[0].line ?? 1, field: '', says: first!.replace(/ at line \d+, column \d+:?$/, '') });
    }
    this.root = new Field(this, document.errors.length === 0 ? document.contents : null, '');
  }

  report(node: Node | null | undefined, field: string, says: string): void {
    // After one mistake in the syntax, all that follows from it would only confuse.
    if (this.problems.some((problem) => problem.field === '')) return;
    const line = node?.range ? this.lines.linePos(node.range[0]).line : 1;
    this.problems.push({ file: this.file, line, field, says });
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

  text(pattern: RegExp = /^[^\0]{1,500}$/s, about = 'a text'): string {
    const value = isScalar(this.node) ? this.node.value : undefined;
    if (typeof value === 'string' && pattern.test(value)) return value;
    this.wrong(this.present ? `must be ${about}` : `is missing; it must be ${about}`);
    return '';
  }

  /** A scalar as it is written, so that `version: 1.10` is not read as a number. */
  written(pattern: RegExp, about: string): string {
    const source = isScalar(this.node) ? (this.node.source ?? String(this.node.value)) : undefined;
    if (source !== undefined && pattern.test(source)) return source;
    this.wrong(this.present ? `must be ${about}` : `is missing; it must be ${about}`);
    return '';
  }

  integer(min: number, max: number): number {
    const value = isScalar(this.node) ? this.node.value : undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    this.wrong(`must be a whole number from ${min} to ${max}`);
    return min;
  }

  boolean(): boolean {
    const value = isScalar(this.node) ? this.node.value : undefined;
    if (typeof value !== 'boolean') this.wrong('must be true or false');
    return value === true;
  }

  scalar(): string | number | boolean {
    const value = isScalar(this.node) ? this.node.value : undefined;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
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
