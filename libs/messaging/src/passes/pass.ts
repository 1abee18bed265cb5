import { Matches } from 'class-validator';
import type { KeyObject } from 'node:crypto';
import { canonicalJson, keyIdOf, readPublicKey, signDsse } from '#proof';
import { IsInstant, name } from '../shapes.js';
import { openSigned, parseJson } from '../orders/order.js';
import type { KnownAgent } from '../intake/intake.js';

const passType = 'application/vnd.rollbook.pass.v1+json';

/** How far the clocks of an agent and the service may lie apart, in milliseconds. */
const skewMs = 5 * 60 * 1000;

class PassBody {
  @Matches(name) site: string;
  @Matches(name) agent: string;
  @IsInstant() at: string;
}

/** What an agent shows at the pull door to be given its site's orders: who it is and when, signed. One header value. */
export function sealPass(body: { site: string; agent: string; at: string }, key: KeyObject, keyId: string): string {
  return Buffer.from(JSON.stringify(signDsse(passType, Buffer.from(canonicalJson(body)), key, keyId))).toString('base64url');
}

/** The agent that a pass belongs to; undefined when it is not signed by a key of the site, or too old or too new. */
export function openPass(header: string, site: string, agents: readonly KnownAgent[], nowMs: number): string | undefined {
  const keys = new Map(agents.map((agent) => [agent.keyId, readPublicKey(agent.publicKey)]));
  const opened = openSigned(PassBody, passType, parseJson(Buffer.from(header, 'base64url')), keys);
  if (!opened.ok || opened.body.site !== site) return undefined;
  return Math.abs(Date.parse(opened.body.at) - nowMs) <= skewMs ? opened.body.agent : undefined;
}

/** The id of a public key in PEM; undefined when it is not an Ed25519 key. */
export function publicKeyId(pem: string): string | undefined {
  try {
    return keyIdOf(readPublicKey(pem));
  } catch {
    return undefined;
  }
}
