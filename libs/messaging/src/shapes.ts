import { ValidateBy, buildMessage } from 'class-validator';

export const name = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/;
export const version = /^v?\d+(\.\d+){0,3}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;
export const digest = /^[0-9a-f]{64}$/;
export const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
export const orderName = /^[A-Za-z0-9][A-Za-z0-9.-]{0,199}$/;

const factName = /^[A-Za-z][A-Za-z0-9]{0,63}$/;

function custom(label: string, message: string, ok: (value: unknown) => boolean): PropertyDecorator {
  return ValidateBy({ name: label, validator: { validate: ok, defaultMessage: buildMessage((prefix) => `${prefix}$property ${message}`) } });
}

/** An object of short texts by short names: labels, parameters. */
export function IsTextMap(limit = 64): PropertyDecorator {
  return custom('isTextMap', `must map at most ${limit} names to texts of at most 500 characters`, (value) =>
    isPlain(value) && Object.keys(value).length <= limit && Object.entries(value).every(([key, one]) => /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/.test(key) && typeof one === 'string' && one.length <= 500),
  );
}

/** What a step measured: texts, numbers, booleans and lists of texts by name. */
export function IsFacts(): PropertyDecorator {
  return custom('isFacts', 'must map at most 64 names to texts, numbers, booleans or lists of texts', (value) =>
    isPlain(value) && Object.keys(value).length <= 64 && Object.entries(value).every(([key, one]) => factName.test(key) && isFact(one)),
  );
}

function isFact(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= 2_000;
  if (Array.isArray(value)) return value.length <= 100 && value.every((one) => typeof one === 'string' && one.length <= 500);
  return typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
