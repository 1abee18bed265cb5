import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { MerkleRoot, hashPair, leafHash, nodeHash } from './tree.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytes = (text: string) => Buffer.from(text, 'hex');

/** Published with transparency-dev/merkle (Apache-2.0, testonly/constants.go and rfc6962/rfc6962_test.go). */
const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(bytes);
const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const levels = [
  [
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d', '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
    '0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7', '07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7',
    'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b', '4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658',
    'b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f', '46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1',
  ],
  [
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125', '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a', 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
  ],
  ['d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7', '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4'],
  ['5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
];
const roots = [
  empty,
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d', 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4', '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c', '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

/** MTH of RFC 6962 section 2.1, word for word, from entries. Uses nothing of the code that it checks. */
function treeHash(entries: readonly Uint8Array[]): Buffer {
  const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
  if (entries.length === 0) return sha256();
  if (entries.length === 1) return sha256(Buffer.from([0]), entries[0]!);
  let k = 1;
  while (k * 2 < entries.length) k *= 2;
  return sha256(Buffer.from([1]), treeHash(entries.slice(0, k)), treeHash(entries.slice(k)));
}

function rootOf(entries: readonly Uint8Array[]): Buffer {
  const tree = new MerkleRoot();
  for (const entry of entries) tree.add(leafHash(entry));
  return tree.root();
}

describe('the published hashes', () => {
  it('of a leaf, an empty leaf and a node', () => {
    expect(hex(leafHash(Buffer.from('L123456')))).toBe('395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56');
    expect(hex(leafHash(Buffer.alloc(0)))).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
    const node = hashPair(Buffer.from('N123'), Buffer.from('N456'));
    expect(hex(node)).toBe('aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb');
  });

  it('of all full subtrees over the eight leaves', () => {
    expect(leaves.map((leaf) => hex(leafHash(leaf)))).toEqual(levels[0]);
    for (const [level, above] of levels.slice(1).entries()) {
      const below = levels[level]!.map(bytes);
      expect(above.map((_, i) => hex(nodeHash(below[2 * i]!, below[2 * i + 1]!)))).toEqual(above);
    }
  });

  it.each(roots.map((root, size) => [size, root] as const))('of the tree over the first %i leaves', (size, root) => {
    expect(hex(rootOf(leaves.slice(0, size)))).toBe(root);
  });
});

describe('the growing tree', () => {
  it('has the root of the definition at every size up to 130, while it grows', () => {
    const entries = Array.from({ length: 130 }, (_, i) => Buffer.from(`entry ${i}`));
    const tree = new MerkleRoot();
    for (let size = 0; size <= entries.length; size++) {
      expect([size, tree.size, hex(tree.root())]).toEqual([size, BigInt(size), hex(treeHash(entries.slice(0, size)))]);
      if (size < entries.length) tree.add(leafHash(entries[size]!));
    }
  });

  it('has the root of the definition over whatever entries', () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 40 }), (entries) => {
      expect(hex(rootOf(entries))).toBe(hex(treeHash(entries)));
    }), { numRuns: 50 });
  });

  it('has another root whichever entry is changed, left out, doubled or moved', () => {
    const entries = Array.from({ length: 11 }, (_, i) => Buffer.from([i]));
    const others = [hex(rootOf(entries))];
    for (let i = 0; i < entries.length; i++) {
      others.push(hex(rootOf(entries.with(i, Buffer.from([99])))), hex(rootOf(entries.toSpliced(i, 1))), hex(rootOf(entries.toSpliced(i, 0, Buffer.from([98])))));
      if (i > 0) others.push(hex(rootOf(entries.with(i, entries[i - 1]!).with(i - 1, entries[i]!))));
    }
    expect(new Set(others).size).toBe(others.length);
  });

  it('tells a leaf from a node: a pair of hashes as an entry is not their parent', () => {
    const [left, right] = [leafHash(leaves[0]!), leafHash(leaves[1]!)];
    expect(leafHash(Buffer.concat([left, right])).equals(nodeHash(left, right))).toBe(false);
  });

  it('keeps no hold on what it was given, and gives no hold on what it keeps', () => {
    const leaf = leafHash(leaves[1]!);
    const tree = new MerkleRoot();
    tree.add(leaf);
    leaf.fill(0);
    tree.root().fill(0);
    expect(hex(tree.root())).toBe(hex(leafHash(leaves[1]!)));
    tree.add(leafHash(leaves[1]!));
    tree.root().fill(0);
    expect(hex(tree.root())).toBe(hex(rootOf([leaves[1]!, leaves[1]!])));
  });

  it.each([0, 31, 33, 64])('takes no leaf and no node of %i bytes: where one hash ends would be open', (length) => {
    const wrong = Buffer.alloc(length);
    expect(() => new MerkleRoot().add(wrong)).toThrow(RangeError);
    expect(() => nodeHash(wrong, Buffer.alloc(32))).toThrow(RangeError);
    expect(() => nodeHash(Buffer.alloc(32), wrong)).toThrow(RangeError);
  });
});
