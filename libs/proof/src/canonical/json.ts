/** A JSON value. Numbers are finite IEEE 754 doubles. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** Raised for a value that has no canonical form; the path says where. */
export class NotCanonical extends Error {
  constructor(path: string, why: string) {
    super(`${path === '' ? 'the value' : path} ${why}`);
    this.name = 'NotCanonical';
  }
}

/**
 * RFC 8785 (JCS): keys sorted by UTF-16 code units, no white space, numbers and strings as ECMAScript writes them.
 * MUST be given plain JSON: undefined, NaN, lone surrogates, symbols, dates and class instances are refused, never
 * dropped, since a dropped field would be missing from what is hashed. Nesting has a limit, so that a value from
 * outside, or one that holds itself, is refused too and does not exhaust the stack.
 */
export function canonicalJson(value: unknown): string {
  return write(value, '', 0);
}

const nestingMax = 100;

function write(value: unknown, path: string, depth: number): string {
  switch (typeof value) {
    case 'string':
      return quote(value, path);
    case 'number':
      if (!Number.isFinite(value)) throw new NotCanonical(path, 'is not a finite number');
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (depth === nestingMax) throw new NotCanonical(path, `is nested deeper than ${nestingMax} levels`);
      return Array.isArray(value) ? writeList(value, path, depth + 1) : writeObject(value, path, depth + 1);
    default:
      throw new NotCanonical(path, `is ${typeof value}, which JSON cannot hold`);
  }
}

function writeList(list: unknown[], path: string, depth: number): string {
  let text = '[';
  for (let i = 0; i < list.length; i++) text += (i === 0 ? '' : ',') + write(list[i], `${path}[${i}]`, depth);
  return `${text}]`;
}

function writeObject(object: object, path: string, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) throw new NotCanonical(path, 'is not a plain object');
  if (Object.getOwnPropertySymbols(object).length > 0) throw new NotCanonical(path, 'has a symbol for a key');
  const record = object as Record<string, unknown>;
  // The default order of sort() is by UTF-16 code units, as RFC 8785 section 3.2.3 asks.
  const keys = Object.keys(record).sort();
  let text = '{';
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const at = path === '' ? key : `${path}.${key}`;
    text += `${i === 0 ? '' : ','}${quote(key, at)}:${write(record[key], at, depth)}`;
  }
  return `${text}}`;
}

/** Text that JSON writes as it is: printable ASCII without the quote and the backslash. Nearly all of ours is such. */
const plain = /^[ !#-[\]-~]*$/;

function quote(text: string, path: string): string {
  if (plain.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new NotCanonical(path, 'holds half of a surrogate pair');
  return JSON.stringify(text);
}
