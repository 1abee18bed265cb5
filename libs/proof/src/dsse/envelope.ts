import { createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { sha256Hex } from '../hash.js';
import { mustBeEd25519 } from './keys.js';

/** A DSSE v1 envelope (secure-systems-lab/dsse): base64 payload, its type, signatures over the PAE of both. */
export interface DsseEnvelope {
  payload: string;
  payloadType: string;
  signatures: { keyid: string; sig: string }[];
}

export type DsseFailure = 'malformed' | 'wrong-type' | 'unknown-key' | 'bad-signature';
export type DsseResult = { ok: true; payload: Buffer; keyid: string } | { ok: false; failure: DsseFailure };

/** Pre-authentication encoding: "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body, lengths in bytes. */
export function preAuthEncoding(payloadType: string, body: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${body.length} `;
  return Buffer.concat([Buffer.from(head), body]);
}

/** The name of a key: SHA-256 in hex of its SubjectPublicKeyInfo. A hint only; the signature decides. */
export function keyIdOf(key: KeyObject): string {
  const spki = (key.type === 'public' ? key : createPublicKey(key)).export({ type: 'spki', format: 'der' });
  return sha256Hex(spki);
}

/** MUST be given an Ed25519 private key; another one throws. */
export function signDsse(payloadType: string, body: Uint8Array, key: KeyObject, keyid = keyIdOf(key)): DsseEnvelope {
  mustBeEd25519(key);
  const sig = sign(null, preAuthEncoding(payloadType, body), key).toString('base64');
  return { payload: Buffer.from(body).toString('base64'), payloadType, signatures: [{ keyid, sig }] };
}

/**
 * Checks an envelope against the keys given by key id and returns the very bytes that were verified.
 * MUST be used before anything in the payload is read; the payload MUST be parsed from the returned bytes. Throws when
 * a key that an envelope names is not an Ed25519 key: such keys are not to be held.
 */
export function openDsse(value: unknown, payloadType: string, keys: ReadonlyMap<string, KeyObject>): DsseResult {
  const envelope = asEnvelope(value);
  if (!envelope) return { ok: false, failure: 'malformed' };
  if (envelope.payloadType !== payloadType) return { ok: false, failure: 'wrong-type' };
  const payload = fromBase64(envelope.payload);
  if (!payload) return { ok: false, failure: 'malformed' };
  let known = false;
  for (const { keyid, sig } of envelope.signatures) {
    const key = keys.get(keyid);
    const bytes = fromBase64(sig);
    if (!key || !bytes) continue;
    mustBeEd25519(key);
    known = true;
    if (verify(null, preAuthEncoding(payloadType, payload), key, bytes)) return { ok: true, payload, keyid };
  }
  return { ok: false, failure: known ? 'bad-signature' : 'unknown-key' };
}

function asEnvelope(value: unknown): DsseEnvelope | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { payload, payloadType, signatures } = value as Record<string, unknown>;
  if (typeof payload !== 'string' || typeof payloadType !== 'string' || !Array.isArray(signatures)) return undefined;
  if (signatures.length === 0 || signatures.length > 16) return undefined;
  for (const one of signatures as unknown[]) {
    if (typeof one !== 'object' || one === null) return undefined;
    const { keyid, sig } = one as Record<string, unknown>;
    if (typeof keyid !== 'string' || typeof sig !== 'string') return undefined;
  }
  return { payload, payloadType, signatures: signatures as DsseEnvelope['signatures'] };
}

/**
 * Standard or URL-safe base64, as DSSE asks of verifiers, with padding or without. Bytes have one text in each: a text
 * whose unused bits are set is refused, so that nobody can alter an envelope and have it accepted.
 */
function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  const bare = bytes.toString('base64url');
  const padded = bare.padEnd(Math.ceil(bare.length / 4) * 4, '=');
  const same = [bare, padded].some((one) => text === one || text === one.replaceAll('-', '+').replaceAll('_', '/'));
  return same ? bytes : undefined;
}
