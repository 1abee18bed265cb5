import { Matches, ValidateBy } from 'class-validator';
import { namePattern } from '#messaging';

/** A name as nodes, sites, agents and products have it. */
export const IsName = () => Matches(namePattern, { message: 'must be lower-case letters, digits, dots and dashes, at most 63' });

/** A SHA-256 in hex. */
export const IsDigest = () => Matches(/^[0-9a-f]{64}$/, { message: 'must be a SHA-256: 64 digits and letters from a to f' });

/** A time that there is, in UTC with milliseconds, as events have it. */
export const IsInstant = () => ValidateBy({
  name: 'isInstant',
  validator: { validate: isInstant, defaultMessage: () => 'must be a time like 2026-01-16T09:00:00.000Z' },
});

function isInstant(value: unknown): boolean {
  const ms = typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) ? Date.parse(value) : NaN;
  return !Number.isNaN(ms) && new Date(ms).toISOString() === value;
}
