import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyIdOf, newSigningKey, privateKeyPem, publicKeyPem, readPrivateKey } from '#proof';
import type { SigningKey } from '#proof';

export class StateInUse extends Error {}

export interface Identity extends SigningKey {
  keyId: string;
  publicPem: string;
}

/** The agent's signing key, made at its first start. The private half never leaves the state directory. */
export function identityIn(state: string): Identity {
  const file = join(state, 'agent.pem');
  if (!existsSync(file)) writeFileSync(file, privateKeyPem(newSigningKey().privateKey), { mode: 0o600, flag: 'wx' });
  const key = readPrivateKey(readFileSync(file, 'utf8'));
  return { ...key, keyId: keyIdOf(key.publicKey), publicPem: publicKeyPem(key.publicKey) };
}

/** One agent for one state directory: two would write the same journal. Released with the process. */
export function lockState(state: string): () => void {
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const file = join(state, 'lock');
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const lock = openSync(file, 'wx', 0o600);
      writeFileSync(lock, String(process.pid));
      closeSync(lock);
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = Number(readFileSync(file, 'utf8'));
      if (holder !== process.pid && alive(holder)) throw new StateInUse(`${state} is in use by process ${holder}: end it, or give this agent another ROLLBOOK_AGENT_STATE`);
      rmSync(file, { force: true });
    }
  }
  throw new StateInUse(`${state} cannot be locked`);
}

function alive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    // A recycled number: whoever has it now is no agent of ours.
    const commandLine = `/proc/${pid}/cmdline`;
    return !existsSync(commandLine) || readFileSync(commandLine, 'utf8').includes('agent');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
