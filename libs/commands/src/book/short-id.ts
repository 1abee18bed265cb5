import { digestOf } from '#ledger';

/** Names of what a command brings about, by the letter that they begin with. */
const kinds = { r: 'rollout', x: 'exception', p: 'procedure' } as const;

/** Short enough to type, and the same when the command is repeated. */
export function shortIdOf(letter: keyof typeof kinds, command: string): string {
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
  const bytes = Buffer.from(digestOf([kinds[letter], command]), 'hex').subarray(0, 8);
  return `${letter}-${[...bytes].map((byte) => alphabet[byte % 32]).join('')}`;
}
