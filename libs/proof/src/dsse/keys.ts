import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export interface SigningKey {
  privateKey: KeyObject;
  publicKey: KeyObject;
}

export function newSigningKey(): SigningKey {
  return generateKeyPairSync('ed25519');
}

export function privateKeyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

export function publicKeyPem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

/** Reads a private key; throws when the PEM is not an Ed25519 key. */
export function readPrivateKey(pem: string): SigningKey {
  const privateKey = createPrivateKey(pem);
  mustBeEd25519(privateKey);
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

const publicPem = /^\s*-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----\s*$/;

/** Reads a public key; throws when the PEM is not an Ed25519 public key, and nothing besides. */
export function readPublicKey(pem: string): KeyObject {
  // Of a private key the public one could be worked out; but then the private one would go wherever this text goes.
  if (!publicPem.test(pem)) throw new TypeError('the PEM must hold one public key and nothing else');
  const key = createPublicKey(pem);
  mustBeEd25519(key);
  return key;
}

export function mustBeEd25519(key: KeyObject): void {
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError(`the key must be Ed25519, not ${key.asymmetricKeyType}`);
}
