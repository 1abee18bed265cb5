import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { Document, Node, Pair } from 'yaml';
import { isPlainText } from '../shapes.js';
import { nestsDeeper } from './yaml-depth.js';
import type { FileProblem } from './yaml-reader.js';

/** Far above the longest file of a life cycle. */
const textMax = 4 * 1024 * 1024;
const depthMax = 32;
const merge = '<<';

/**
 * The YAML at the head of a Markdown file, as others write it: anchors and merges are followed, and of two equal keys
 * the last counts. Nothing is known of its fields here; scalars are read as they are written, so that 1.10 stays 1.10.
 */
export class FrontMatter {
  readonly problems: FileProblem[] = [];
  private readonly lines = new LineCounter();
  private readonly document: Document | undefined;

  constructor(
    readonly file: string,
    text: string,
  ) {
    const yaml = this.headOf(text);
    if (yaml !== undefined) this.document = this.parse(yaml);
  }

  get root(): Entry {
    return new Entry(this, this.document?.contents, '', undefined);
  }

  /** With an empty line in the place of the opening dashes, so that lines are those of the file. */
  private headOf(text: string): string | undefined {
    if (text.length > textMax) return this.wrongAt(1, '', `is longer than ${textMax} characters`);
    if (!isPlainText(text)) return this.wrongAt(1, '', 'holds a NUL character or half of a surrogate pair');
    const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
    if (!/^---\s*$/.test(lines[0]!)) return this.wrongAt(1, '', 'must begin with a line of three dashes and YAML');
    const end = lines.findIndex((line, i) => i > 0 && /^(---|\.\.\.)\s*$/.test(line));
    if (end < 0) return this.wrongAt(lines.length, '', 'has no line of three dashes at the end of its YAML');
    return ['', ...lines.slice(1, end), ''].join('\n');
  }

  private parse(yaml: string): Document | undefined {
    if (nestsDeeper(yaml, depthMax)) return this.wrongAt(1, '', `nests more deeply than ${depthMax} levels`);
    const document = parseDocument(yaml, { lineCounter: this.lines, uniqueKeys: false, strict: false, logLevel: 'silent' });
    for (const error of document.errors) {
      this.wrongAt(error.linePos?.[0].line ?? 1, '', error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, ''));
    }
    return document.errors.length > 0 ? undefined : document;
  }

  resolve(node: unknown): Node | undefined {
    if (!isAlias(node)) return (node ?? undefined) as Node | undefined;
    return node.resolve(this.document!) ?? this.wrongAt(this.lineOf(node), '', `names the anchor ${node.source}, which does not stand before it`);
  }

  lineOf(node: Node | undefined): number {
    return node?.range ? this.lines.linePos(node.range[0]).line : 1;
  }

  wrongAt(line: number, field: string, says: string): undefined {
    this.problems.push({ file: this.file, line, field, says });
  }
}

/** A place in the YAML, whether something stands there or not. */
export class Entry {
  private readonly node: Node | undefined;

  constructor(
    private readonly matter: FrontMatter,
    node: unknown,
    readonly path: string,
    private readonly near: Node | undefined,
  ) {
    this.node = matter.resolve(node);
  }

  wrong(says: string): undefined {
    return this.matter.wrongAt(this.matter.lineOf(this.node ?? this.near), this.path, says);
  }

  get isMap(): boolean {
    return isMap(this.node);
  }

  get present(): boolean {
    return this.node !== undefined && !(isScalar(this.node) && this.scalar() === null);
  }

  /** What stands under a key; with several, the first of them that there is. */
  get(...keys: string[]): Entry {
    const found = keys.map((key) => this.find(this.node, key, 0)).find((one) => one !== undefined);
    const name = found ?? keys[0]!;
    const key = typeof name === 'string' ? name : keyOf(name);
    return new Entry(this.matter, typeof name === 'string' ? undefined : name.value, this.path === '' ? key : `${this.path}.${key}`, this.node ?? this.near);
  }

  private find(node: Node | undefined, key: string, depth: number): Pair | undefined {
    if (depth > depthMax) return undefined;
    if (isSeq(node)) return node.items.map((one) => this.find(this.matter.resolve(one), key, depth + 1)).find((one) => one !== undefined);
    if (!isMap(node)) return undefined;
    const own = node.items.findLast((pair) => keyOf(pair) === key);
    return own ?? node.items.filter((pair) => keyOf(pair) === merge).map((pair) => this.find(this.matter.resolve(pair.value), key, depth + 1)).find((one) => one !== undefined);
  }

  /** The items of a list; undefined when it is none. */
  items(): Entry[] | undefined {
    if (!isSeq(this.node)) return undefined;
    return this.node.items.map((item, i) => new Entry(this.matter, item, `${this.path}[${i}]`, this.node));
  }

  /** A scalar as it is written; null where nothing is, undefined for a list or a map. */
  scalar(): string | null | undefined {
    if (this.node === undefined) return null;
    if (!isScalar(this.node)) return undefined;
    const { source, type } = this.node;
    const text = (source ?? '').trim();
    return (type === 'PLAIN' || type === undefined) && /^(~|null|Null|NULL|)$/.test(text) ? null : text;
  }
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? (pair.key.source ?? String(pair.key.value)) : '';
}
