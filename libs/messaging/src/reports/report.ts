import { Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsObject, IsString, Matches, MaxLength, Min, ValidateNested } from 'class-validator';
import type { KeyObject } from 'node:crypto';
import { canonicalJson, sha256Hex, signDsse } from '#proof';
import { IfPresent, IsFacts, IsInstant, IsNumbers, IsTextMap, UnlessNull, digest, name, orderName, version } from '../shapes.js';
import { openSigned, parseJson } from '../orders/order.js';
import type { OpenFailure } from '../orders/order.js';

/** DSSE payload type of a report. */
export const reportType = 'application/vnd.rollbook.report.v1+json';

export const healths = ['healthy', 'degraded', 'unhealthy', 'unknown'] as const;
export const stepOutcomes = ['succeeded', 'failed', 'timed-out', 'interrupted', 'refused'] as const;

export class OutputBody {
  @Matches(digest) sha256: string;
  @IsInt() @Min(0) bytes: number;
  @IsBoolean() truncated: boolean;
}

/** How an order ended, as the agent saw it. */
export class StepReportBody {
  @IsIn(stepOutcomes) outcome: (typeof stepOutcomes)[number];
  @UnlessNull() @IsString() @MaxLength(200) reason: string | null;
  @UnlessNull() @IsInstant() startedAt: string | null;
  @IsInstant() finishedAt: string;
  @UnlessNull() @IsInt() exit: number | null;
  @IsFacts() facts: { [name: string]: string | number | boolean | string[] };
  @UnlessNull() @IsObject() @ValidateNested() @Type(() => OutputBody) output: OutputBody | null;
  @IsBoolean() found: boolean;
}

/** A message that could not be trusted or read, by its digest: what was in it is nobody's word. */
export class RefusedMessageBody {
  @IsString() @MaxLength(64) reason: string;
  @Matches(digest) sha256: string;
  @IsInt() @Min(0) bytes: number;
}

/**
 * What an agent says. `announced` and `observed` tell of a node as it is; `accepted` and `finished` answer an order;
 * `refused` tells of a message on the way to it that it did not believe, and of no node.
 * `sequence` counts an agent's reports from 1 without a gap within one `incarnation` of its journal.
 */
export class ReportBody {
  @IsIn(['announced', 'observed', 'accepted', 'finished', 'refused']) kind: 'announced' | 'observed' | 'accepted' | 'finished' | 'refused';
  @Matches(name) site: string;
  @Matches(name) agent: string;
  @Matches(/^[0-9a-f-]{36}$/) incarnation: string;
  @IsInt() @Min(1) sequence: number;
  @IfPresent() @Matches(name) node?: string;
  @IsInstant() at: string;
  @IfPresent() @Matches(name) product?: string;
  @IfPresent() @IsTextMap() labels?: { [name: string]: string };
  /** Null when the version could not be measured. */
  @IfPresent() @UnlessNull() @Matches(version) version?: string | null;
  @IfPresent() @IsIn(healths) health?: (typeof healths)[number];
  /** Of a node that is watched: what its product counts. */
  @IfPresent() @IsNumbers() metrics?: { [name: string]: number };
  @IfPresent() @Matches(orderName) order?: string;
  @IfPresent() @IsInt() @Min(1) epoch?: number;
  @IfPresent() @IsObject() @ValidateNested() @Type(() => StepReportBody) report?: StepReportBody;
  @IfPresent() @IsObject() @ValidateNested() @Type(() => RefusedMessageBody) message?: RefusedMessageBody;
}

/** A report with the evidence it names; evidence is bound by its digest, the report by its signature. */
export interface OpenedReport {
  body: ReportBody;
  keyId: string;
  evidence: Buffer[];
}

/** Fields that a kind of report must have. */
const required: Record<ReportBody['kind'], (keyof ReportBody)[]> = {
  announced: ['node', 'product', 'labels', 'health'],
  observed: ['node', 'health'],
  accepted: ['node', 'order', 'epoch'],
  finished: ['node', 'order', 'epoch', 'report'],
  refused: ['message'],
};

/** What a report is about: reports of one subject keep their order. */
export function subjectOf({ node, agent }: Pick<ReportBody, 'node' | 'agent'>): string {
  return node ?? agent;
}

export function sealReport(body: ReportBody, evidence: Buffer[], key: KeyObject, keyId: string): Buffer {
  const envelope = signDsse(reportType, Buffer.from(canonicalJson(withoutUndefined(body))), key, keyId);
  return Buffer.from(JSON.stringify({ envelope, evidence: evidence.map((bytes) => bytes.toString('base64')) }));
}

function withoutUndefined(body: ReportBody): object {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}

/** `keys` are those enrolled for the site that the channel belongs to. */
export function openReport(
  bytes: Uint8Array,
  keys: ReadonlyMap<string, KeyObject>,
): ({ ok: true } & OpenedReport) | { ok: false; reason: OpenFailure; problem: string } {
  const wire = parseJson(bytes);
  if (typeof wire !== 'object' || wire === null) return { ok: false, reason: 'malformed', problem: 'is not a JSON object' };
  const { envelope, evidence } = wire as { envelope?: unknown; evidence?: unknown };
  const opened = openSigned(ReportBody, reportType, envelope, keys);
  if (!opened.ok) return opened;
  const missing = required[opened.body.kind].find((field) => opened.body[field] === undefined);
  if (missing !== undefined) return { ok: false, reason: 'invalid', problem: `${missing} is missing from a report that is ${opened.body.kind}` };
  const named = namedEvidence(opened.body, evidence);
  if (!named) return { ok: false, reason: 'invalid', problem: 'evidence does not have the digest that the report names' };
  return { ok: true, body: opened.body, keyId: opened.keyId, evidence: named };
}

/** Every blob that came along must be one that the signed report names, and the other way round. */
function namedEvidence(body: ReportBody, evidence: unknown): Buffer[] | undefined {
  const wanted = body.report?.output ? [body.report.output] : [];
  if (!Array.isArray(evidence) || evidence.length !== wanted.length) return undefined;
  const blobs = evidence.map((one) => Buffer.from(typeof one === 'string' ? one : '', 'base64'));
  return blobs.every((blob, i) => blob.length === wanted[i]!.bytes && sha256Hex(blob) === wanted[i]!.sha256) ? blobs : undefined;
}
