import { createHash, randomBytes, randomUUID } from 'node:crypto';

/** A random UUID, version 4 (RFC 9562). */
export function newId(): string {
  return randomUUID();
}

/** The same UUID for the same parts, version 8 (RFC 9562) over SHA-256: repeating a wish repeats its id. */
export function idFrom(...parts: string[]): string {
  const hash = createHash('sha256');
  // The length in front keeps ("ab", "c") apart from ("a", "bc").
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  const bytes = hash.digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Secret text of 256 random bits, safe in a file or a header. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

export const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
