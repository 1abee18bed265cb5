import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyIdOf, newSigningKey, privateKeyPem, publicKeyPem, readPrivateKey } from '#proof';
import { LockHeld, replaceFile, takeLock } from '#platform';
import type { SigningKey } from '#proof';

export class StateInUse extends Error {}

export interface Identity extends SigningKey {
  keyId: string;
  publicPem: string;
}

/** The agent's signing key, made at its first start. The private half never leaves the state directory. */
export function identityIn(state: string): Identity {
  const file = join(state, 'agent.pem');
  if (!existsSync(file)) replaceFile(file, privateKeyPem(newSigningKey().privateKey));
  const key = readPrivateKey(readFileSync(file, 'utf8'));
  return { ...key, keyId: keyIdOf(key.publicKey), publicPem: publicKeyPem(key.publicKey) };
}

/** One agent for one state directory: two would write the same journal. Released with the process. */
export function lockState(state: string): () => void {
  mkdirSync(state, { recursive: true, mode: 0o700 });
  try {
    return takeLock(join(state, 'lock'));
  } catch (error) {
    if (!(error instanceof LockHeld)) throw error;
    throw new StateInUse(`${state} is in use by process ${error.pid}: end it, or give this agent another ROLLBOOK_AGENT_STATE`);
  }
}
