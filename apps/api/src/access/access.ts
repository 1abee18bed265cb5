import { createHash, timingSafeEqual } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Request } from 'express';
import type { Actor } from '#commands';
import { isLoopback, newId, replaceFile } from '#platform';
import { Problem } from '../problems/problem.js';

export type Role = 'operator' | 'reader';

export interface Caller {
  actor: Actor;
  role: Role;
}

/** Tells who is calling. In `loopback` it is whoever sits at this machine; in `token` the holder of a known token. */
export class Access {
  private readonly tokens: { sha256: Buffer; caller: Caller }[];
  private readonly local: Caller | undefined;

  constructor(options: { auth: 'loopback' | 'token'; tokensFile: string | undefined; operatorFile: string }) {
    this.tokens = options.tokensFile === undefined ? [] : readTokens(options.tokensFile);
    this.local = options.auth === 'loopback' ? { actor: { kind: 'person', ref: referenceIn(options.operatorFile) }, role: 'operator' } : undefined;
  }

  callerOf(request: Request): Caller {
    const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    if (bearer !== undefined) {
      const sha256 = createHash('sha256').update(bearer).digest();
      const known = this.tokens.find((one) => timingSafeEqual(one.sha256, sha256));
      if (known) return known.caller;
      throw new Problem('unauthenticated', 'token-unknown', 'the token is not known here', 'Use a token that this service was given.');
    }
    if (this.local) {
      if (isFromHere(request)) return this.local;
      const next = 'Call it as 127.0.0.1 or localhost, from no web page but its own; or give it tokens (ROLLBOOK_AUTH=token).';
      throw new Problem('unauthenticated', 'caller-not-local', 'this service lets in who calls from this machine, and the request shows another host or origin', next);
    }
    throw new Problem('unauthenticated', 'token-missing', 'who is calling is not known', 'Send Authorization: Bearer with a token.');
  }
}

/**
 * A request of this machine, and of no web page: a page elsewhere that makes a browser call this address shows itself by
 * its origin, or by a host name that is not loopback (DNS rebinding).
 */
function isFromHere(request: Request): boolean {
  const from = request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '';
  const host = request.headers.host?.replace(/:\d+$/, '') ?? '';
  if (!isLoopback(from) || !isLoopback(host)) return false;
  const { origin } = request.headers;
  return origin === undefined || origin === `http://${request.headers.host}` || origin === `https://${request.headers.host}`;
}

/** The pseudonym of whoever works at this machine; who that is, is written nowhere in the ledger. */
function referenceIn(file: string): string {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    replaceFile(file, newId());
  }
  return readFileSync(file, 'utf8').trim();
}

/** One token a line: SHA-256 of the token in hex, actor reference, role. Empty lines and # comments are skipped. */
function readTokens(file: string): { sha256: Buffer; caller: Caller }[] {
  const lines = readFileSync(file, 'utf8').split('\n').map((line, i) => ({ text: line.replace(/#.*/, '').trim(), number: i + 1 }));
  return lines.filter(({ text }) => text !== '').map(({ text, number }) => {
    const [, sha256, ref, role] = /^([0-9a-f]{64})\s+(\S+)\s+(operator|reader)$/.exec(text) ?? [];
    if (sha256 === undefined) throw new Error(`${file}:${number}: must be a SHA-256 in hex, an actor reference, and operator or reader`);
    return { sha256: Buffer.from(sha256, 'hex'), caller: { actor: { kind: 'person', ref: ref! }, role: role as Role } };
  });
}
