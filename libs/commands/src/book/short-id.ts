import { digestOf } from '#ledger';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const kinds = { r: 'rollout', p: 'procedure' } as const;

/** Short enough to type, and the same when the command is repeated. */
export function shortId(kind: keyof typeof kinds, command: string): string {
  const bytes = Buffer.from(digestOf([kinds[kind], command]), 'hex').subarray(0, 8);
  return `${kind}-${[...bytes].map((byte) => alphabet[byte % 32]).join('')}`;
}
