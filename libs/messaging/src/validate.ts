import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import type { ValidationError } from 'class-validator';

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
  const value = plainToInstance(shape, plain);
  const errors = validateSync(value, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true });
  // The plain object, not the instance: what was validated is what is hashed and stored further on.
  return errors.length === 0 ? { ok: true, value: plain as T } : { ok: false, problem: firstProblem(errors[0]!) };
}

function firstProblem(error: ValidationError, path = ''): string {
  const at = path === '' ? error.property : `${path}.${error.property}`;
  const inner = error.children?.[0];
  if (inner) return firstProblem(inner, at);
  return `${at}: ${Object.values(error.constraints ?? {})[0] ?? 'is not valid'}`;
}
