import { ValidateBy, ValidateIf, buildMessage } from 'class-validator';

export const name = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/;
export const version = /^v?\d+(\.\d+){0,3}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;
export const digest = /^[0-9a-f]{64}$/;
export const orderName = /^[A-Za-z0-9][A-Za-z0-9.-]{0,199}$/;

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const factName = /^[A-Za-z][A-Za-z0-9]{0,63}$/;
const label = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/;

export const factsMax = 64;
/** Of maps and facts as JSON: a report of them must fit into one event of the ledger, which holds 64 KiB. */
const mapBytes = 16 * 1024;
const factBytes = 48 * 1024;

function custom(title: string, message: string, ok: (value: unknown) => boolean): PropertyDecorator {
  return ValidateBy({ name: title, validator: { validate: ok, defaultMessage: buildMessage((prefix) => `${prefix}$property ${message}`) } });
}

/** For a field that may be left out. Null is not left out. */
export function IfPresent(): PropertyDecorator {
  return ValidateIf((_, value) => value !== undefined);
}

/** For a field that says with null that there is nothing. */
export function UnlessNull(): PropertyDecorator {
  return ValidateIf((_, value) => value !== null);
}

/** A time that there is, from 1970 on, in UTC with milliseconds. */
export function IsInstant(): PropertyDecorator {
  return custom('isInstant', 'must be a time like 2026-01-16T09:00:00.000Z', (value) => {
    const ms = typeof value === 'string' && instant.test(value) ? Date.parse(value) : NaN;
    return ms >= 0 && new Date(ms).toISOString() === value;
  });
}

/** An object of short texts by short names: labels, parameters. */
export function IsTextMap(): PropertyDecorator {
  return custom('isTextMap', `must map at most 64 names to texts of at most 500 characters, ${mapBytes} bytes in all`, isTextMap);
}

export function isTextMap(value: unknown): value is { [name: string]: string } {
  return fits(value, mapBytes) && Object.entries(value).every(([key, one]) => label.test(key) && typeof one === 'string' && one.length <= 500);
}

/** What a step measured: texts, numbers, booleans and lists of texts by name. */
export function IsFacts(): PropertyDecorator {
  return custom('isFacts', `must map at most ${factsMax} names to texts, numbers, booleans or lists of texts, ${factBytes} bytes in all`, isFacts);
}

export function isFacts(value: unknown): value is { [name: string]: string | number | boolean | string[] } {
  return fits(value, factBytes) && Object.entries(value).every(([key, one]) => factName.test(key) && isFact(one));
}

/** What a product counts: numbers by name. */
export function IsNumbers(): PropertyDecorator {
  return custom('isNumbers', `must map at most ${factsMax} names to numbers`, isNumbers);
}

export function isNumbers(value: unknown): value is { [name: string]: number } {
  return fits(value, mapBytes) && Object.entries(value).every(([key, one]) => factName.test(key) && typeof one === 'number' && Number.isFinite(one));
}

function fits(value: unknown, bytes: number): value is object {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isMap && Object.keys(value).length <= factsMax && Buffer.byteLength(JSON.stringify(value)) <= bytes;
}

function isFact(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= 2_000 && isPlainText(value);
  if (Array.isArray(value)) return value.length <= 100 && value.every((one) => typeof one === 'string' && one.length <= 500 && isPlainText(one));
  return typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
}

/** Text that every store and every form of JSON can hold. */
export function isPlainText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
