import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { chmod, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface InstallWish {
  /** A directory or an http(s) address, to which the product and the artifact's path are added. */
  mirror: string;
  product: string;
  artifact: string;
  sha256: string;
  /** Under the node's home. */
  home: string;
  to: string;
  mode: string;
  /** Names what is fetched until it is in place, so that whoever repeats the order leaves no second part behind. */
  order: string;
  signal: AbortSignal;
}

/** No install takes longer: it is the longest time that a step may have. */
const leftAfterMs = 24 * 3_600_000;

export type InstallResult = { ok: true; bytes: number; found: boolean } | { ok: false; reason: string; detail: string };

/**
 * Puts a release artifact in place: fetched beside its target, checked against its digest, made durable, then renamed
 * over the old one in a single move. Whoever starts it meanwhile gets the old file or the new one, never a part.
 */
export async function install(wish: InstallWish): Promise<InstallResult> {
  const target = join(wish.home, wish.to);
  const next = `${target}.${createHash('sha256').update(wish.order).digest('hex').slice(0, 12)}.next`;
  const mode = parseInt(wish.mode, 8);
  try {
    if (existsSync(target)) {
      const there = await digestFile(target);
      if (there.sha256 === wish.sha256) {
        await chmod(target, mode);
        return { ok: true, bytes: there.bytes, found: true };
      }
    }
    await mkdir(dirname(target), { recursive: true });
    await rm(next, { force: true });
    await fetchTo(next, wish);
    const got = await digestFile(next);
    if (got.sha256 !== wish.sha256) {
      return { ok: false, reason: 'artifact-differs', detail: `${wish.artifact} has the digest ${got.sha256}, ordered was ${wish.sha256}` };
    }
    await chmod(next, mode);
    await sync(next);
    await rename(next, target);
    await sync(dirname(target));
    await clear(target);
    return { ok: true, bytes: got.bytes, found: false };
  } catch (error) {
    return { ok: false, reason: 'install-failed', detail: error instanceof Error ? error.message : String(error) };
  } finally {
    // Where it cannot even be looked for, there is none.
    await rm(next, { force: true }).catch(() => undefined);
  }
}

/** Removes what installs before this one left behind when the machine or the agent stopped. */
async function clear(target: string): Promise<void> {
  const { mtimeMs } = await stat(target);
  const folder = dirname(target);
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${basename(target)}.`) || !/\.[0-9a-f]{12}\.next$/.test(name)) continue;
    const left = await stat(join(folder, name)).catch(() => undefined);
    // A younger one may be an install that is under way.
    if (left && mtimeMs - left.mtimeMs > leftAfterMs) await rm(join(folder, name), { force: true });
  }
}

async function fetchTo(file: string, { mirror, product, artifact, signal }: InstallWish): Promise<void> {
  if (!/^https?:/.test(mirror)) return pipeline(createReadStream(join(mirror, product, artifact)), createWriteStream(file, { mode: 0o600, flags: 'wx' }), { signal });
  const address = `${mirror.replace(/\/$/, '')}/${product}/${artifact}`;
  const answer = await fetch(address, { signal, redirect: 'follow' });
  if (!answer.ok || !answer.body) throw new Error(`${address} was answered with ${answer.status}`);
  await pipeline(Readable.fromWeb(answer.body), createWriteStream(file, { mode: 0o600, flags: 'wx' }), { signal });
}

async function digestFile(file: string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(file)) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { sha256: hash.digest('hex'), bytes };
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
