import { existsSync, readFileSync } from 'node:fs';
import { keyIdOf, readPublicKey } from '#proof';
import { pause, replaceFile } from '#platform';
import type { HttpClient, Logger } from '#platform';
import type { KeyObject } from 'node:crypto';
import type { Identity } from './identity.js';

export interface EnrolOptions {
  http: HttpClient;
  site: string;
  agent: string;
  identity: Identity;
  channel: 'kafka' | 'pull';
  /** File of the secret that the service was given too. */
  tokenFile: string;
  signal: AbortSignal;
  logger: Logger;
}

const firstPauseMs = 250;
const longestPauseMs = 10_000;

/**
 * Makes this agent's key known to the service; tries until it is answered. A service that says no is asked again too: a
 * person may be mending it. Resolves with the service's public key as PEM.
 */
export async function enrol({ http, site, agent, identity, channel, tokenFile, signal, logger }: EnrolOptions): Promise<string> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    signal.throwIfAborted();
    try {
      const answer = await http.request('POST', `/v1/sites/${site}/agents`, {
        headers: { authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}` },
        body: { agent, publicKey: identity.publicPem, channel },
        signal,
        timeoutMs: 10_000,
      });
      const body = JSON.parse(answer.body.toString('utf8')) as { servicePublicKey?: string; detail?: string };
      if (answer.status < 300 && body.servicePublicKey !== undefined) return body.servicePublicKey;
      logger.error('the service did not enrol this agent', { status: answer.status, detail: body.detail });
    } catch (error) {
      if (signal.aborted) throw error;
      logger.warn('the service cannot be reached to enrol', { error });
    }
    await pause(pauseMs, signal);
  }
}

/**
 * The keys that orders may be signed with. Given by a file, it is that one; else the one of the first enrolment, kept
 * from then on: a service that later shows another is not believed.
 */
export class ServiceKeys {
  readonly keys = new Map<string, KeyObject>();

  constructor(
    private readonly pinFile: string,
    givenFile: string | undefined,
  ) {
    const file = givenFile !== undefined && existsSync(givenFile) ? givenFile : pinFile;
    if (existsSync(file)) this.add(readFileSync(file, 'utf8'));
  }

  /** Throws when a key is pinned already and this is another. */
  pin(pem: string): void {
    if (this.keys.size === 0) {
      replaceFile(this.pinFile, pem);
      this.add(pem);
    } else if (!this.keys.has(keyIdOf(readPublicKey(pem)))) {
      throw new Error(`the service shows another key than the one kept in ${this.pinFile}; if it was replaced on purpose, remove that file`);
    }
  }

  private add(pem: string): void {
    const key = readPublicKey(pem);
    this.keys.set(keyIdOf(key), key);
  }
}
