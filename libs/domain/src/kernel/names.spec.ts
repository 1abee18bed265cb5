import fc from 'fast-check';
import { compareVersions, digestPattern, namePattern, versionPattern } from './names.js';

/** Versions as people write them, and with what makes comparing hard: zeros in front, long numbers, mixed identifiers. */
const numeral = fc.oneof(fc.nat(20).map(String), fc.constantFrom('00', '01', '010', '9007199254740992', '9007199254740993'));
const identifier = fc.oneof(numeral, fc.constantFrom('a', 'alpha', 'beta', 'rc', 'rc1', '1a', '-', 'Z'));
const version = fc
  .record({
    v: fc.constantFrom('', 'v'),
    core: fc.array(numeral, { minLength: 1, maxLength: 4 }),
    pre: fc.array(identifier, { maxLength: 3 }),
    build: fc.constantFrom('', '+build.7', '+20260116'),
  })
  .map(({ v, core, pre, build }) => `${v}${core.join('.')}${pre.length > 0 ? `-${pre.join('.')}` : ''}${build}`);

/** The precedence example of semver 2.0, section 11, then what comes after it. */
const rising = [
  '1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta', '1.0.0-beta.2', '1.0.0-beta.11', '1.0.0-rc.1', '1.0.0', '1.0.1',
  '1.2.0', '1.10.0', '2.0.0', '22.04', '22.04.1', '202601161259599999', '202601161259600000',
];

describe('comparing versions', () => {
  it('puts versions in the order of semver', () => {
    for (const [i, older] of rising.entries()) {
      for (const newer of rising.slice(i + 1)) expect([older, newer, Math.sign(compareVersions(older, newer))]).toEqual([older, newer, -1]);
    }
  });

  it.each([
    ['v0.7.0', '0.7.0'], ['1.0', '1.0.0'], ['1.0.0+a', '1.0.0+b'], ['1.02.0', '1.2.0'], ['1.0.0-01', '1.0.0-1'],
  ])('takes %s and %s for the same', (a, b) => {
    expect(compareVersions(a, b)).toBe(0);
    expect(compareVersions(b, a)).toBe(0);
  });

  it('tells apart numbers that a double cannot', () => {
    expect(compareVersions('9007199254740993', '9007199254740992')).toBeGreaterThan(0);
    expect(compareVersions('1.0.0-9007199254740993', '1.0.0-9007199254740992')).toBeGreaterThan(0);
    expect(compareVersions(`1.${'9'.repeat(400)}`, `1.${'9'.repeat(399)}8`)).toBeGreaterThan(0);
  });

  it('goes on behind identifiers that mean the same', () => {
    expect(compareVersions('1.0.0-01.a', '1.0.0-1.b')).toBeLessThan(0);
  });

  it('is antisymmetric: swapped versions give the swapped answer', () => {
    fc.assert(fc.property(version, version, (a, b) => {
      expect(Math.sign(compareVersions(a, b))).toBe(0 - Math.sign(compareVersions(b, a)));
    }), { numRuns: 500 });
  });

  it('is a total order: what comes before what comes before comes before', () => {
    fc.assert(fc.property(version, version, version, (...three) => {
      const [a, b, c] = three.sort(compareVersions);
      expect(compareVersions(a, b)).toBeLessThanOrEqual(0);
      expect(compareVersions(b, c)).toBeLessThanOrEqual(0);
      expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
      if (compareVersions(a, c) === 0) expect([compareVersions(a, b), compareVersions(b, c)]).toEqual([0, 0]);
    }), { numRuns: 1_000 });
  });

  it('compares every version with itself as the same', () => {
    fc.assert(fc.property(version, (one) => expect(compareVersions(one, one)).toBe(0)));
  });
});

describe('names', () => {
  it.each(['a', 'node-1', '0', 'web-1.example.org', 'a'.repeat(63)])('%s is a name', (name) => {
    expect(namePattern.test(name)).toBe(true);
  });

  it.each(['', 'Node-1', '-a', 'a-', '.a', 'a_b', 'a b', 'a/b', 'a\n', 'ä', 'a'.repeat(64)])('%j is no name', (name) => {
    expect(namePattern.test(name)).toBe(false);
  });

  it.each(['v0.7.0', '0.7.0', '22.04', '1', '1.2.3.4', '1.0.0-rc.1', '1.0.0+build.7', `1.0.0-${'a'.repeat(58)}`])('%s is a version', (one) => {
    expect(versionPattern.test(one)).toBe(true);
  });

  it.each(['', 'v', 'latest', '1.', '.1', '1.2.3.4.5', '1.0.0-', '1.0 0', 'v1.0.0\n', 'vv1', '1.0.0-ä', `1.0.0-${'a'.repeat(59)}`])('%j is no version', (one) => {
    expect(versionPattern.test(one)).toBe(false);
  });

  it('a digest is 64 lower-case hex digits', () => {
    expect(digestPattern.test('0123456789abcdef'.repeat(4))).toBe(true);
    for (const wrong of ['a'.repeat(63), 'a'.repeat(65), 'A'.repeat(64), 'g'.repeat(64)]) expect(digestPattern.test(wrong)).toBe(false);
  });
});
