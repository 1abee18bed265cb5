const chunkSize = 64;

/**
 * An immutable list whose `set` copies one chunk, not all: a rollout of 10,000 nodes changes one place at a time,
 * twice for each node.
 */
export class SteadyList<T> {
  private constructor(
    private readonly chunks: readonly (readonly T[])[],
    readonly length: number,
  ) {}

  static of<T>(items: readonly T[]): SteadyList<T> {
    const chunks: T[][] = [];
    for (let i = 0; i < items.length; i += chunkSize) chunks.push(items.slice(i, i + chunkSize));
    return new SteadyList(chunks, items.length);
  }

  at(index: number): T {
    if (index < 0 || index >= this.length) throw new RangeError(`index ${index} outside a list of ${this.length}`);
    return this.chunks[Math.floor(index / chunkSize)]![index % chunkSize]!;
  }

  set(index: number, value: T): SteadyList<T> {
    this.at(index);
    const chunk = Math.floor(index / chunkSize);
    const changed = [...this.chunks[chunk]!];
    changed[index % chunkSize] = value;
    return new SteadyList(this.chunks.with(chunk, changed), this.length);
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const chunk of this.chunks) yield* chunk;
  }
}
