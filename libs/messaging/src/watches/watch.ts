import { IsInt, Matches, Max, Min } from 'class-validator';
import type { KeyObject } from 'node:crypto';
import { canonicalJson, keyIdOf, signDsse } from '#proof';
import { openSigned, parseJson } from '../orders/order.js';
import type { Opened } from '../orders/order.js';
import { IsInstant, name } from '../shapes.js';

/** DSSE payload type of a wish to be told more often how a node is. */
export const watchType = 'application/vnd.rollbook.watch.v1+json';

/** Until then an agent looks at the node so often, and tells of each look with what the product counts. */
export class WatchBody {
  @Matches(name) site: string;
  @Matches(name) node: string;
  @IsInt() @Min(1) @Max(86_400) everySeconds: number;
  @IsInstant() until: string;
  /** Position in the ledger of the event that this is. */
  @IsInt() @Min(1) position: number;
}

export function sealWatch(body: WatchBody, key: KeyObject, keyId = keyIdOf(key)): Buffer {
  return Buffer.from(JSON.stringify(signDsse(watchType, Buffer.from(canonicalJson({ ...body })), key, keyId)));
}

/** Undefined for a message that does not even claim to be one. */
export function openWatch(bytes: Uint8Array, serviceKeys: ReadonlyMap<string, KeyObject>): Opened<WatchBody> | undefined {
  const envelope = parseJson(bytes);
  if (typeof envelope !== 'object' || envelope === null || !('payloadType' in envelope) || envelope.payloadType !== watchType) return undefined;
  return openSigned(WatchBody, watchType, envelope, serviceKeys);
}
