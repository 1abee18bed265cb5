import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyIdOf, newSigningKey, privateKeyPem, publicKeyPem, readPrivateKey } from '#proof';
import type { SigningKey } from '#proof';
import { replaceFile } from './files.js';
import { processBegan } from './steps/processes.js';

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
  const file = join(state, 'lock');
  const draft = join(state, `lock.${process.pid}`);
  // It appears with what it says, so that nobody reads a lock that is still empty and takes it for a dead one's.
  writeFileSync(draft, `${process.pid} ${processBegan(process.pid) ?? ''}`, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      if (linked(draft, file)) return () => rmSync(file, { force: true });
      const holder = read(file);
      if (holder !== undefined && isHeld(holder)) throw inUse(state, holder);
      if (holder !== undefined) takeAway(file, holder);
    }
    throw new StateInUse(`${state} cannot be locked`);
  } finally {
    rmSync(draft, { force: true });
  }
}

function inUse(state: string, holder: string): StateInUse {
  return new StateInUse(`${state} is in use by process ${holder.split(' ')[0]}: end it, or give this agent another ROLLBOOK_AGENT_STATE`);
}

function linked(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** Removes the lock of a process that is gone. Should another have taken it over meanwhile, it is put back. */
function takeAway(file: string, holder: string): void {
  const aside = `${file}.${process.pid}.old`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (read(aside) !== holder) linked(aside, file);
  rmSync(aside, { force: true });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** A number used again belongs to another process, which began at another time. */
function isHeld(holder: string): boolean {
  const [number = '', began = ''] = holder.split(' ');
  const pid = Number(number);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  const now = processBegan(pid);
  if (now !== undefined) return began === '' || now === began;
  try {
    process.kill(pid, 0);
    // Ended, and its parent has not noticed yet.
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
