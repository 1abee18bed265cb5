import type { DomainEvent } from '#domain';
import type { Envelope } from '#ledger';

/** An event as projections see it: in today's shape, with what stood around it. */
export interface Fact<E extends DomainEvent = DomainEvent> {
  event: E;
  position: number;
  stream: string;
  version: number;
  eventId: string;
  envelope: Envelope;
}

export type Row = { [column: string]: unknown };

/** A table of a projection: its name in the schema `roll`, its primary key, and whether rows are only ever added. */
export interface Table {
  name: string;
  key: readonly string[];
  addOnly?: boolean;
}

/** The rows that a fact may read and write. Reading is limited to rows that the projection announced for it. */
export interface Rows {
  get<R extends Row>(table: Table, ...key: (string | number)[]): R | undefined;
  put(table: Table, row: Row): void;
}

export interface RowRef {
  table: Table;
  key: (string | number)[];
}

/**
 * One question answered from the ledger. `apply` MUST depend on nothing but the fact and the rows it reads, so that a
 * rebuild gives the same rows. When it throws, its key is parked, with all that comes later for that key.
 */
export interface Projection {
  name: string;
  tables: readonly Table[];
  /** What the fact belongs to; undefined when this projection has no use for it. */
  keyOf(fact: Fact): string | undefined;
  /** Rows that `apply` may read for this fact. */
  reads(fact: Fact): RowRef[];
  apply(fact: Fact, rows: Rows): void;
}

/** Name under which a projection's position is kept. */
export const followerOf = (projection: Projection) => `projection:${projection.name}`;
