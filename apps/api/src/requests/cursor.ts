import { createHash } from 'node:crypto';
import { Problem } from '../problems/problem.js';

/**
 * Where a list goes on, as text that only this API reads. It is bound to the list's other parameters: with others it
 * would skip or repeat.
 */
export function cursorOf(next: string | null, of: object): string | null {
  return next === null ? null : Buffer.from(JSON.stringify([fingerprint(of), next])).toString('base64url');
}

export function readCursor(cursor: string | undefined, of: object): string | null {
  if (cursor === undefined) return null;
  try {
    const [bound, next] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as [unknown, unknown];
    if (typeof next === 'string' && bound === fingerprint(of)) return next;
  } catch {
    // Not one of ours: the same answer.
  }
  throw new Problem('malformed', 'cursor-invalid', 'the cursor does not belong to this list', 'Begin without a cursor.');
}

function fingerprint(of: object): string {
  return createHash('sha256').update(JSON.stringify(of)).digest('hex').slice(0, 12);
}
