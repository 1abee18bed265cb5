import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import type { ValidationError } from 'class-validator';
import { isPlainText } from './shapes.js';

/** Far above what any shape needs. */
const depthMax = 8;

export type Checked<T> = { ok: true; value: T } | { ok: false; problem: string };

/** Parses and validates what came over a channel: unknown fields are refused, never carried along. */
export function checkBody<T extends object>(shape: new () => T, bytes: Uint8Array): Checked<T> {
  let plain: unknown;
  try {
    plain = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return { ok: false, problem: 'is not JSON' };
  }
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) return { ok: false, problem: 'is not a JSON object' };
  const strange = strangeness(plain);
  if (strange !== undefined) return { ok: false, problem: strange };
  const value = plainToInstance(shape, plain);
  const errors = validateSync(value, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true });
  // The plain object, not the instance: what was validated is what is hashed and stored further on.
  return errors.length === 0 ? { ok: true, value: plain as T } : { ok: false, problem: firstProblem(errors[0]!) };
}

/**
 * What no shape may hold and validation does not see: it would skip fields whose names every object has, and go down
 * without end.
 */
function strangeness(value: unknown, path = '', depth = 0): string | undefined {
  if (typeof value === 'string') return isPlainText(value) ? undefined : `${path}: holds a NUL character or half of a surrogate pair`;
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth === depthMax) return `${path}: nests more deeply than ${depthMax} levels`;
  for (const [key, one] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`;
    if (key in Object.prototype || !isPlainText(key)) return `${path}: has a field with the name ${JSON.stringify(key.slice(0, 80))}`;
    const found = strangeness(one, at, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function firstProblem(error: ValidationError, path = ''): string {
  const at = path === '' ? error.property : `${path}.${error.property}`;
  const inner = error.children?.[0];
  if (inner) return firstProblem(inner, at);
  return `${at}: ${Object.values(error.constraints ?? {})[0] ?? 'is not valid'}`;
}
