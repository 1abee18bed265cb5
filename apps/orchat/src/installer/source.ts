import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal } from '../refusal.js';

export interface Source {
  /** A folder or an http(s) address that holds `<version>/orchat`. */
  mirror: string | undefined;
  /** The folder that the installer itself lies in. */
  beside: string;
  carried: { version: string; program: string };
}

/** The bytes of a release, whose digest is the one that is known. */
export async function fetchRelease(source: Source, version: string, sha256: string): Promise<Buffer> {
  const { bytes, from } = await read(source, version);
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found === sha256) return bytes;
  throw new Refusal(
    'artifact-differs',
    `${from} has the digest ${found}, ${version} has ${sha256}`,
    'Do not install it; fetch it again from a place that you trust.',
    { expected: sha256, found },
  );
}

async function read(source: Source, version: string): Promise<{ bytes: Buffer; from: string }> {
  const { mirror, beside, carried } = source;
  if (mirror !== undefined && /^https?:/.test(mirror)) return download(`${mirror.replace(/\/$/, '')}/${version}/orchat`);
  if (!mirror && version === carried.version) return { bytes: Buffer.from(carried.program), from: 'the installer' };
  const from = mirror ? join(mirror, version, 'orchat') : join(beside, '..', version, 'orchat');
  if (existsSync(from)) return { bytes: readFileSync(from), from };
  throw notFetched(`${from} is not there`);
}

async function download(from: string): Promise<{ bytes: Buffer; from: string }> {
  let answer: Response;
  try {
    answer = await fetch(from, { redirect: 'follow' });
    if (answer.ok) return { bytes: Buffer.from(await answer.arrayBuffer()), from };
  } catch (error) {
    throw notFetched(`${from} was not reached: ${(error as Error).message}`);
  }
  throw notFetched(`${from} was answered with ${answer.status}`);
}

function notFetched(message: string): Refusal {
  return new Refusal('not-fetched', message, 'Name the place of the releases with ORCHAT_MIRROR.');
}
