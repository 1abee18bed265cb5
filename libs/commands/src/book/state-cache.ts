/** A stream as far as it was read. */
export interface Known<S> {
  state: S;
  version: number;
  /** Position of its last event. */
  position: number;
  /** The operation that its first event belongs to. */
  opening: string | undefined;
  /** The last order that it gave, if it is a node's. */
  lastOrder: (Trace & { order: string }) | undefined;
}

/** What a later event needs to name as its cause. */
export interface Trace {
  causation: string;
  correlation: string;
}

/** Remembers the states of the streams used last; the ledger stays the truth, since appends name the version they saw. */
export class StateCache {
  private readonly entries = new Map<string, Known<unknown>>();

  constructor(private readonly sizeMax: number) {}

  get<S>(stream: string): Known<S> | undefined {
    const known = this.entries.get(stream);
    if (known) {
      // A map keeps the order of insertion: the first entry is the one used longest ago.
      this.entries.delete(stream);
      this.entries.set(stream, known);
    }
    return known as Known<S> | undefined;
  }

  set(stream: string, known: Known<unknown>): void {
    this.entries.delete(stream);
    this.entries.set(stream, known);
    if (this.entries.size > this.sizeMax) this.entries.delete(this.entries.keys().next().value!);
  }

  drop(stream: string): void {
    this.entries.delete(stream);
  }
}
