export type {
  Actor, AppendItem, AppendResult, BlobStore, CommandRecord, Envelope, Expectation, Guard, Head, Ledger, LedgerReader, NewEvent,
  StoredEvent, StreamPart,
} from './contract.js';
export { EnvelopeTooLarge, LedgerUnavailable, limits } from './contract.js';
export { envelopeOf, eventId } from './envelope.js';
export { MemoryBlobs, MemoryShelf } from './memory/shelf.js';
export { PostgresBlobs } from './postgres/blobs.js';
export { PostgresReader } from './postgres/reader.js';
export { PostgresShelf } from './postgres/shelf.js';
export type { ShelfOptions } from './postgres/shelf.js';
export { isUnavailable } from './postgres/trouble.js';
export { ledgerSchema, sqlChange } from './postgres/schema/changes.js';
export type { SchemaChange } from './postgres/schema/changes.js';
export { verifyLedger } from './verify/verify.js';
export type { Verification } from './verify/verify.js';
export { canonicalJson, digestOf, sha256Hex } from '#proof';
export type { Json, JsonObject } from '#proof';
