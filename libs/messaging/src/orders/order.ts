import { IsIn, IsInt, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import type { KeyObject } from 'node:crypto';
import { canonicalJson, keyIdOf, openDsse, signDsse } from '#proof';
import { IsInstant, IsTextMap, digest, name, orderName } from '../shapes.js';
import { checkBody } from '../validate.js';

/** DSSE payload type of an order. */
export const orderType = 'application/vnd.rollbook.order.v1+json';

/** What an agent is told: one step of a runbook that it holds, for one node. Never a script. */
export class OrderBody {
  @Matches(orderName) order: string;
  @Matches(name) site: string;
  @Matches(name) node: string;
  @Matches(name) product: string;
  @IsString() @MaxLength(64) rollout: string;
  @IsIn(['upgrade', 'rollback', 'procedure']) phase: 'upgrade' | 'rollback' | 'procedure';
  /** Fencing: an agent refuses an epoch older than the newest it has seen for the node. */
  @IsInt() @Min(1) epoch: number;
  @Matches(name) runbook: string;
  /** SHA-256 of the runbook in canonical JSON. */
  @Matches(digest) digest: string;
  @Matches(name) step: string;
  @IsTextMap() parameters: { [name: string]: string };
  @IsInt() @Min(1) @Max(86_400) timeoutSeconds: number;
  @IsInstant() issuedAt: string;
  /** An agent that has not begun by then refuses. */
  @IsInstant() expiresAt: string;
  /** Position in the ledger of the event that this order is. */
  @IsInt() @Min(1) position: number;
}

export type Opened<T> = { ok: true; body: T; keyId: string } | { ok: false; reason: OpenFailure; problem: string };
export type OpenFailure = 'malformed' | 'wrong-type' | 'unknown-key' | 'bad-signature' | 'invalid';

/** Signs an order; the bytes are what travels, whatever the channel. */
export function sealOrder(body: OrderBody, key: KeyObject, keyId = keyIdOf(key)): Buffer {
  return Buffer.from(JSON.stringify(signDsse(orderType, Buffer.from(canonicalJson({ ...body })), key, keyId)));
}

export function openOrder(bytes: Uint8Array, serviceKeys: ReadonlyMap<string, KeyObject>): Opened<OrderBody> {
  return openSigned(OrderBody, orderType, parseJson(bytes), serviceKeys);
}

/** Checks signature first, then shape: nothing unsigned is ever read. */
export function openSigned<T extends object>(shape: new () => T, type: string, envelope: unknown, keys: ReadonlyMap<string, KeyObject>): Opened<T> {
  const opened = openDsse(envelope, type, keys);
  if (!opened.ok) return { ok: false, reason: opened.failure, problem: `the envelope is refused: ${opened.failure}` };
  const checked = checkBody(shape, opened.payload);
  if (!checked.ok) return { ok: false, reason: 'invalid', problem: checked.problem };
  return { ok: true, body: checked.value, keyId: opened.keyid };
}

export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
