import { createHash } from 'node:crypto';

const leafPrefix = Buffer.from([0x00]);
const nodePrefix = Buffer.from([0x01]);

/** RFC 6962 section 2.1: SHA-256(0x00 || entry), 32 bytes. */
export function leafHash(entry: Uint8Array): Buffer {
  return createHash('sha256').update(leafPrefix).update(entry).digest();
}

/** RFC 6962 section 2.1: SHA-256(0x01 || left || right), 32 bytes. Of two hashes only: else where one ends were open. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  mustBeHash(left);
  mustBeHash(right);
  return hashPair(left, right);
}

/** The bare construction, as the published vectors have it for inputs of any length. */
export function hashPair(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(nodePrefix).update(left).update(right).digest();
}

function mustBeHash(hash: Uint8Array): void {
  if (hash.length !== 32) throw new RangeError(`a hash of the tree has 32 bytes, not ${hash.length}`);
}

/**
 * The root of a growing RFC 6962 tree, from leaf hashes given in order.
 * Holds one hash for each full subtree (at most 64), so a ledger of any size is hashed in constant memory.
 */
export class MerkleRoot {
  // Full subtrees from the largest to the smallest; their sizes are the bits of `count`.
  private readonly subtrees: Buffer[] = [];
  private count = 0n;

  get size(): bigint {
    return this.count;
  }

  add(leaf: Uint8Array): void {
    mustBeHash(leaf);
    let hash = Buffer.from(leaf);
    for (let bits = this.count; (bits & 1n) === 1n; bits >>= 1n) hash = nodeHash(this.subtrees.pop()!, hash) as Buffer<ArrayBuffer>;
    this.subtrees.push(hash);
    this.count += 1n;
  }

  /** The root hash, 32 bytes and the caller's own; of the empty tree SHA-256(""). */
  root(): Buffer {
    if (this.subtrees.length === 0) return createHash('sha256').digest();
    return Buffer.from(this.subtrees.reduceRight((right, left) => nodeHash(left, right)));
  }
}
