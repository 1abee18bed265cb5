import fc from 'fast-check';
import { never } from './decision.js';
import { sameJson } from './json.js';
import { isDue, later } from './time.js';
import { parseStream, streamOf } from '../streams.js';

describe('the same JSON', () => {
  it('does not look at the order of keys', () => {
    expect(sameJson({ a: 1, b: [{ c: null, d: 'x' }] }, { b: [{ d: 'x', c: null }], a: 1 })).toBe(true);
  });

  it.each<[unknown, unknown]>([
    [{ a: 1 }, { a: 2 }], [{ a: 1 }, { b: 1 }], [{ a: 1 }, { a: 1, b: 1 }], [[1, 2], [2, 1]], [[1], [1, 1]], [[], {}], [{}, null],
    [null, 0], ['1', 1], [{ a: undefined }, { b: undefined }],
    // An own key of this name is data like any other.
    [JSON.parse('{"__proto__":{}}'), { a: {} }],
  ])('%j is not %j', (a, b) => {
    expect(sameJson(a, b)).toBe(false);
    expect(sameJson(b, a)).toBe(false);
  });

  it('finds every value the same as its copy, and no other', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      expect(sameJson(a, structuredClone(a))).toBe(true);
      if (sameJson(a, b)) expect(b).toEqual(a);
    }));
  });
});

describe('instants', () => {
  it('are later by seconds, across days and years', () => {
    expect(later('2026-12-31T23:59:30.250Z', 45)).toBe('2027-01-01T00:00:15.250Z');
    expect(later('2026-01-16T09:00:00.000Z', 0)).toBe('2026-01-16T09:00:00.000Z');
  });

  it('are due at the deadline and after it, and not before', () => {
    const deadline = '2026-01-16T09:00:00.000Z';
    expect(isDue(deadline, '2026-01-16T08:59:59.999Z')).toBe(false);
    expect(isDue(deadline, deadline)).toBe(true);
    expect(isDue(deadline, '2026-01-16T09:00:00.001Z')).toBe(true);
  });
});

describe('names of streams', () => {
  it('are read as they are written', () => {
    for (const [kind, name] of Object.entries(streamOf)) expect(parseStream(name('x-1'))).toEqual({ kind, id: 'x-1' });
  });

  it.each(['bucket/1', 'node', '/1', 'toString/1', 'Node/1'])('%s names no stream', (stream) => {
    expect(() => parseStream(stream)).toThrow('no stream is called');
  });
});

it('stops at a case that nobody thought of', () => {
  expect(() => never('other' as never)).toThrow('no case for "other"');
});
