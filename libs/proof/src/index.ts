export { NotCanonical, canonicalJson } from './canonical/json.js';
export type { Json, JsonObject } from './canonical/json.js';
export { digestOf, sha256, sha256Hex } from './hash.js';
export { MerkleRoot, leafHash, nodeHash } from './merkle/tree.js';
export { keyIdOf, openDsse, preAuthEncoding, signDsse } from './dsse/envelope.js';
export type { DsseEnvelope, DsseFailure, DsseResult } from './dsse/envelope.js';
export { newSigningKey, privateKeyPem, publicKeyPem, readPrivateKey, readPublicKey } from './dsse/keys.js';
export type { SigningKey } from './dsse/keys.js';
