import fc from 'fast-check';
import { catalogue } from '../../../../test/support/given.js';
import { compareVersions } from '../kernel/names.js';
import type { Requirement, UpgradePath } from './product.js';
import { findWay } from './way.js';

const path = (from: string[], to: string): UpgradePath => ({ from, to, migration: 'automatic', notes: [], upgrade: ['before'], rollback: ['rollback'] });
const required = (from: string[], to: string, via: string): Requirement => ({ from, to, via, reason: 'history format' });

/** Paths among the versions 1 to 7, in any direction. */
const versions = fc.integer({ min: 1, max: 7 }).map(String);
const anyPaths = fc.array(fc.record({ from: fc.uniqueArray(versions, { minLength: 1, maxLength: 3 }), to: versions }), { maxLength: 12 })
  .map((list) => list.map(({ from, to }) => path(from, to)));
/** Among the versions 1 to 5, as a catalogue has them: none goes back, and often several lead to the same. */
const few = fc.integer({ min: 1, max: 5 }).map(String);
const forwardPaths = fc.array(fc.record({ from: fc.uniqueArray(few, { minLength: 1, maxLength: 4 }), to: few }), { minLength: 3, maxLength: 12 })
  .map((list) => list.map(({ from, to }) => path(from.filter((one) => one < to), to)));
const anyRequirements = fc.array(fc.uniqueArray(few, { minLength: 3, maxLength: 3 }), { maxLength: 3 }).map((list) => list.map((three) => {
  const [from, via, to] = three.toSorted();
  return required([from!], to!, via!);
}));

const joins = (paths: UpgradePath[], from: string, to: string) => paths.some((one) => one.from.includes(from) && one.to === to);

/** Every way there is, by taking every path from everywhere; only for paths without a cycle. */
function allWays(paths: UpgradePath[], from: string, to: string): string[][] {
  if (from === to) return [[to]];
  return [...new Set(paths.filter((one) => one.from.includes(from)).map((one) => one.to))].flatMap((next) => allWays(paths, next, to).map((way) => [from, ...way]));
}

/** Whether a way keeps a requirement: from any of its versions on, the wanted one is not come to before the one in between. */
const keeps = (way: string[], { from, to, via }: Requirement) => way.every((version, i) => {
  const end = way.indexOf(to, i + 1);
  return !from.includes(version) || end < 0 || way.slice(i, end).includes(via);
});

it('leads over paths that are there, by as few as can be, when there is a way at all', () => {
  fc.assert(fc.property(anyPaths, versions, versions, (paths, from, to) => {
    const way = findWay(paths, from, to);
    expect(way !== undefined).toBe(reached(paths, from).has(to));
    if (!way) return;
    expect([way.versions[0], way.versions.at(-1)]).toEqual([from, to]);
    expect(way.paths.map((one) => one.to)).toEqual(way.versions.slice(1));
    for (let i = 1; i < way.versions.length; i++) expect(joins(paths, way.versions[i - 1]!, way.versions[i]!)).toBe(true);
    expect(way.versions.length).toBe(fewest(paths, from, to));
  }));
});

it('keeps what is required, by as few paths as that allows, when there is such a way', () => {
  let bent = 0;
  fc.assert(fc.property(forwardPaths, anyRequirements, few, few, (paths, requires, from, to) => {
    const good = allWays(paths, from, to).filter((way) => requires.every((one) => keeps(way, one)));
    const found = findWay(paths, from, to, requires)?.versions;
    expect(found?.length).toBe(good.length === 0 ? undefined : Math.min(...good.map((way) => way.length)));
    if (!found) return;
    expect(good).toContainEqual(found);
    if (found.join() !== findWay(paths, from, to)!.versions.join()) bent += 1;
  }), { numRuns: 2_000 });
  expect(bent).toBeGreaterThan(5);
});

it('leaves versions out that cannot be used, but for the one that is asked for', () => {
  const paths = [path(['1'], '2'), path(['2'], '4'), path(['1'], '3'), path(['3'], '5'), path(['5'], '4')];
  expect(findWay(paths, '1', '4')!.versions).toEqual(['1', '2', '4']);
  const without = (...unusable: string[]) => findWay(paths, '1', '4', [], (version) => !unusable.includes(version))?.versions;
  expect(without('2')).toEqual(['1', '3', '5', '4']);
  expect(without('4')).toEqual(['1', '2', '4']);
  expect(without('2', '3')).toBeUndefined();
});

it('goes round by the version that is required, also where a path leads there at once', () => {
  const paths = [path(['1', '2'], '3'), path(['1'], '2')];
  const rule = required(['1'], '3', '2');
  expect(findWay(paths, '1', '3', [rule])!.versions).toEqual(['1', '2', '3']);
  expect(findWay(paths, '2', '3', [rule])!.versions).toEqual(['2', '3']);
  expect(findWay([paths[0]!], '1', '3', [rule])).toBeUndefined();
});

it('is there for a version to itself, and only forward through a catalogue that was accepted', () => {
  expect(findWay([], 'v1', 'v1')).toEqual({ versions: ['v1'], paths: [] });
  expect(findWay([], 'v1', 'v2')).toBeUndefined();
  const { versions: way } = findWay(catalogue().paths, 'v0.5.0', 'v0.7.0')!;
  expect(way).toEqual(['v0.5.0', 'v0.6.0', 'v0.7.0']);
  expect([...way].sort(compareVersions)).toEqual(way);
  expect(findWay(catalogue().paths, 'v0.7.0', 'v0.5.0')).toBeUndefined();
});

it('is found however many ways there are', () => {
  // 2^40 ways from first to last: walking each of them would not end.
  const ladder = Array.from({ length: 40 }, (_, i) => [path([`${i}.0`], `${i}.1`), path([`${i}.0`, `${i}.1`], `${i + 1}.0`)]).flat();
  expect(findWay(ladder, '0.0', '40.0', [required(['3.0'], '9.0', '5.1')])!.versions).toHaveLength(42);
});

/** All versions that can be reached over paths, by taking every path until nothing is new. */
function reached(paths: UpgradePath[], from: string): Set<string> {
  const seen = new Set([from]);
  for (let before = -1; before !== seen.size; ) {
    before = seen.size;
    for (const one of paths) if (one.from.some((version) => seen.has(version))) seen.add(one.to);
  }
  return seen;
}

/** Length of the shortest way, by taking all paths at once again and again. */
function fewest(paths: UpgradePath[], from: string, to: string): number {
  let here = new Set([from]);
  for (let length = 1; ; length++) {
    if (here.has(to)) return length;
    here = new Set([...here].flatMap((version) => paths.filter((one) => one.from.includes(version)).map((one) => one.to)));
  }
}
