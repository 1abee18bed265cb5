import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical/json.js';

/** SHA-256, 32 bytes. */
export function sha256(bytes: Uint8Array | string): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** SHA-256 as 64 lower-case hex digits. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** SHA-256 in hex of a value's canonical JSON: the digest that names plans, runbooks and commands. */
export function digestOf(value: unknown): string {
  return sha256Hex(canonicalJson(value));
}
