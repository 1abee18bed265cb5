import type { JsonObject } from '#proof';

/** Who a fact is owed to. `ref` is a pseudonym: names live outside the ledger. */
export interface Actor {
  kind: 'person' | 'agent' | 'service';
  ref: string;
}

/** A fact to be recorded. `data` is opaque here. */
export interface NewEvent {
  type: string;
  /** Revision of the shape of `data`, from 1. */
  revision: number;
  data: JsonObject;
  /** When it happened, RFC 3339 UTC with milliseconds; when it was recorded is the ledger's to say. */
  occurredAt: string;
}

/** The stream's version that an item relies on: number of its events, 0 for none. */
export type Expectation = { exact: number } | 'no-stream' | 'exists' | 'any';

/** A stream that was not written, but whose version a decision relied on. */
export interface Guard {
  stream: string;
  version: number;
}

/** All or nothing: the events of one command on one stream. */
export interface AppendItem {
  stream: string;
  expect: Expectation;
  /** From 1 to `limits.eventsPerItem`. */
  events: NewEvent[];
  /** UUID. The same command again returns the first result. */
  command: string;
  /** SHA-256 in hex of what the command asked; the same command with another digest is `command-reused`. */
  digest: string;
  actor: Actor;
  /** The whole operation that this belongs to. */
  correlation: string;
  /** The event or command that led here; absent when a person's wish started it. */
  causation?: string;
  guards?: Guard[];
}

export type AppendResult =
  | { outcome: 'appended' | 'repeated'; position: number; version: number }
  | { outcome: 'conflict' | 'guard'; stream: string; version: number }
  | { outcome: 'command-reused' };

export interface Head {
  /** Position of the last event, 0 when the ledger is empty. */
  position: number;
}

/** What the bytes of an event say. Stored bytes are this in canonical JSON (RFC 8785). */
export interface Envelope {
  _ledger: { position: number; recordedAt: string; version: number };
  actor: Actor;
  causation: string | null;
  command: string;
  correlation: string;
  data: JsonObject;
  occurredAt: string;
  ordinal: number;
  revision: number;
  stream: string;
  type: string;
}

/** A stored event: its row as it stands, and the exact bytes that were hashed. */
export interface StoredEvent {
  position: number;
  stream: string;
  version: number;
  type: string;
  command: string;
  ordinal: number;
  leafHash: Buffer;
  bytes: Buffer;
}

/** The first result of a command, and what it had asked. */
export interface CommandRecord {
  stream: string;
  digest: string;
  position: number;
  version: number;
}

/** A stream from behind a version on. */
export interface StreamPart {
  stream: string;
  afterVersion: number;
}

export interface LedgerReader {
  head(): Promise<Head>;
  /** Events with a position greater than `after`, in order, at most `limit`. No event can appear behind one read. */
  read(after: number, limit: number): Promise<StoredEvent[]>;
  /** Events of a stream with a version greater than `afterVersion`, in order. */
  readStream(stream: string, afterVersion?: number): Promise<StoredEvent[]>;
  /** Events of many streams behind a version of each, in the order of the streams' names and of their versions. */
  readStreams(wanted: readonly StreamPart[]): Promise<StoredEvent[]>;
  findCommand(command: string): Promise<CommandRecord | undefined>;
}

export interface Ledger extends LedgerReader {
  /**
   * Appends items independently of each other; results come in the order of the items. Items are judged in their order;
   * one that depends on another of the same call may get a position behind those that do not.
   * MUST be called again with the same command ids after `LedgerUnavailable`: the outcome is unknown, and a repeat is
   * answered with the first result. An item too large is refused with `EnvelopeTooLarge` before anything is written.
   */
  append(items: AppendItem[]): Promise<AppendResult[]>;
}

/** Bytes by their SHA-256, for evidence that an envelope only names. */
export interface BlobStore {
  /** Stores bytes, at most `limits.blobBytes`; returns their SHA-256 in hex. Storing them again changes nothing. */
  put(bytes: Buffer): Promise<string>;
  get(sha256: string): Promise<Buffer | undefined>;
}

export const limits = {
  /** What a C2SP tlog-tiles entry can hold. */
  envelopeBytes: 65_535,
  /** The largest that the server puts in front: position, time and version at their widest. */
  stampBytes: 128,
  eventsPerItem: 1_000,
  blobBytes: 16 * 1024 * 1024,
} as const;

export class EnvelopeTooLarge extends Error {
  constructor(
    readonly type: string,
    readonly bytes: number,
  ) {
    super(`an event of type ${type} would take ${bytes} bytes; an envelope holds ${limits.envelopeBytes}. Put large content into the blob store and name its digest.`);
    this.name = 'EnvelopeTooLarge';
  }
}

export class LedgerUnavailable extends Error {
  constructor(cause: unknown) {
    super('the ledger could not be reached; repeat with the same command id', { cause });
    this.name = 'LedgerUnavailable';
  }
}
