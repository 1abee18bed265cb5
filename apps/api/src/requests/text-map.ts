import { ValidateBy } from 'class-validator';

const entriesMax = 64;
const name = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/;

/** Short texts by name, as labels are: what is recorded must be what the API gives back. */
export function IsTextMap(): PropertyDecorator {
  const defaultMessage = () => `must map at most ${entriesMax} names of letters, digits, dots, dashes and slashes to texts of at most 500 characters`;
  return ValidateBy({ name: 'isTextMap', validator: { validate: isTextMap, defaultMessage } });
}

function isTextMap(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return entries.length <= entriesMax && entries.every(([key, text]) => name.test(key) && typeof text === 'string' && text.length <= 500);
}
