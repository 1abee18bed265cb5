import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsInt, IsString, Matches, MaxLength, Min, ValidateNested } from 'class-validator';
import type { KeyObject } from 'node:crypto';
import { canonicalJson, keyIdOf, signDsse } from '#proof';
import { name } from '../shapes.js';
import { openSigned, parseJson } from '../orders/order.js';
import type { Opened } from '../orders/order.js';

/** DSSE payload type of a receipt. */
export const receiptType = 'application/vnd.rollbook.receipt.v1+json';

/** Reports that one receipt names as taken, or as refused. */
export const reportsInReceipt = 1_000;

export class RefusedReport {
  @IsInt() @Min(1) sequence: number;
  @IsString() @MaxLength(64) code: string;
}

/** Tells an agent which of its reports are in the ledger, or will never be; both need not be sent again. */
export class ReceiptBody {
  @Matches(name) site: string;
  @Matches(name) agent: string;
  @Matches(/^[0-9a-f-]{36}$/) incarnation: string;
  @IsArray() @ArrayMaxSize(reportsInReceipt) @IsInt({ each: true }) @Min(1, { each: true }) taken: number[];
  @IsArray() @ArrayMaxSize(reportsInReceipt) @ValidateNested({ each: true }) @Type(() => RefusedReport) refused: RefusedReport[];
}

export function sealReceipt(body: ReceiptBody, key: KeyObject, keyId = keyIdOf(key)): Buffer {
  const plain = { ...body, refused: body.refused.map((one) => ({ ...one })) };
  return Buffer.from(JSON.stringify(signDsse(receiptType, Buffer.from(canonicalJson(plain)), key, keyId)));
}

export function openReceipt(bytes: Uint8Array, serviceKeys: ReadonlyMap<string, KeyObject>): Opened<ReceiptBody> {
  return openSigned(ReceiptBody, receiptType, parseJson(bytes), serviceKeys);
}

/** Whether bytes from an orders channel claim to be a receipt; the signature is checked when it is opened. */
export function isReceipt(bytes: Uint8Array): boolean {
  const envelope = parseJson(bytes) as { payloadType?: unknown } | undefined;
  return envelope?.payloadType === receiptType;
}
