import { createHash } from 'node:crypto';
import { Problem } from '../problems/problem.js';
import { isText } from './bodies.js';

/**
 * Where a list goes on, as text that only this API reads. It is bound to the list's other parameters: with others it
 * would skip or repeat.
 */
export function cursorOf(next: string | null, of: object): string | null {
  return next === null ? null : Buffer.from(JSON.stringify([fingerprint(of), next])).toString('base64url');
}

export function readCursor(cursor: string | undefined, of: object): string | null {
  if (cursor === undefined) return null;
  const [bound, next] = partsOf(cursor);
  if (typeof next === 'string' && isText(next) && bound === fingerprint(of)) return next;
  throw foreign();
}

/** A cursor whose content is a number up to `max`; 0 without one. */
export function readNumber(cursor: string | undefined, of: object, max: number): number {
  const next = readCursor(cursor, of) ?? '0';
  if (!/^\d{1,16}$/.test(next) || Number(next) > max) throw foreign();
  return Number(next);
}

/** A cursor whose content is two texts. */
export function readPair(cursor: string | undefined, of: object): [string, string] | null {
  const next = readCursor(cursor, of);
  if (next === null) return null;
  const [a, b] = parse(next);
  if (typeof a === 'string' && typeof b === 'string') return [a, b];
  throw foreign();
}

function partsOf(cursor: string): unknown[] {
  return parse(Buffer.from(cursor, 'base64url').toString('utf8'));
}

function parse(text: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}

function foreign(): Problem {
  return new Problem('malformed', 'cursor-invalid', 'the cursor does not belong to this list', 'Begin without a cursor.');
}

function fingerprint(of: object): string {
  return createHash('sha256').update(JSON.stringify(of)).digest('hex').slice(0, 12);
}
