import { usage } from './exit.js';

const dayForm = /^\d{4}-\d{2}-\d{2}$/;
const timeForm = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

/** A day that there is, as it was written. */
export function day(text: string): string {
  if (dayForm.test(text) && isDay(text)) return text;
  throw usage(`${text} is not a day like 2026-01-16`);
}

/** A time in UTC; a day means its beginning. */
export function instant(text: string): string {
  if (dayForm.test(text)) return `${day(text)}T00:00:00.000Z`;
  const ms = timeForm.test(text) && isDay(text.slice(0, 10)) ? Date.parse(text) : NaN;
  if (!Number.isNaN(ms)) return new Date(ms).toISOString();
  throw usage(`${text} is not a time like 2026-02-01 or 2026-02-01T12:00:00Z`);
}

/** 30 February would become another day. */
function isDay(text: string): boolean {
  const ms = Date.parse(`${text}T00:00:00.000Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}
