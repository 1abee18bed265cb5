import type { DomainEvent, Refusal } from '#domain';
import type { Actor } from '#ledger';

/** Who wishes, under which id, and what it belongs to. */
export interface Meta {
  /** UUID; repeating a command under its id has no further effect. */
  command: string;
  actor: Actor;
  /** The operation this belongs to; absent: that of the stream, or a new one. */
  correlation?: string;
  /** The event that led here. */
  causation?: string;
  /** The version of the stream that the asker saw; another one is refused. */
  ifVersion?: number;
  /** When it happened, RFC 3339; absent: now. */
  at?: string;
}

/** What the asker said of the cause, else what the ledger knows of it. */
export function withCause(meta: Meta, cause: { causation: string; correlation: string } | undefined): Meta {
  return cause ? { causation: cause.causation, correlation: cause.correlation, ...meta } : meta;
}

export interface Done {
  ok: true;
  stream: string;
  /** Position of the last event written, or of the stream's last event when nothing was left to do. */
  position: number;
  version: number;
  /** What was recorded; empty when nothing was left to do, or when an earlier call had done it. */
  events: DomainEvent[];
  repeated: boolean;
}

export interface Refused {
  ok: false;
  refusal: Refusal | { code: 'command-reused' | 'version-differs'; facts: { [name: string]: string | number } };
}

export type Outcome = Done | Refused;
