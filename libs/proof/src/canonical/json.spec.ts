import fc from 'fast-check';
import { NotCanonical, canonicalJson } from './json.js';

/** A double from its 64 bits in hex, as RFC 8785 gives them. */
function double(hex: string): number {
  return Buffer.from(hex, 'hex').readDoubleBE();
}

describe('the published examples of RFC 8785', () => {
  it('of serializing primitive values (section 3.2.2)', () => {
    const text = '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],'
      + '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}';
    const written = canonicalJson(JSON.parse(text));
    expect(written).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
    // The same as bytes (section 3.2.4).
    const hex = '7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e333333333333'
      + '332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d';
    expect(Buffer.from(written).toString('hex')).toBe(hex);
  });

  it('of sorting keys by UTF-16 code units, surrogates before what lies behind them (section 3.2.3)', () => {
    const value = {
      '\u20ac': 'Euro Sign', '\r': 'Carriage Return', '\ufb33': 'Hebrew Letter Dalet With Dagesh', '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face', '\u0080': 'Control', '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    expect(canonicalJson(value)).toBe(
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis","\u20ac":"Euro Sign",'
      + '"\ud83d\ude00":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    );
  });

  it.each([
    ['0000000000000000', '0'], ['8000000000000000', '0'], ['0000000000000001', '5e-324'], ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'], ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'], ['c340000000000000', '-9007199254740992'], ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'], ['44b52d02c7e14af6', '1e+23'], ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'], ['444b1ae4d6e2ef4f', '999999999999999900000'], ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'], ['3eb0c6f7a0b5ed8d', '0.000001'], ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'], ['41b3de4355555555', '333333333.3333333'], ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'], ['becbf647612f3696', '-0.0000033333333333333333'], ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('of numbers: the double %s is written %s (appendix B)', (hex, text) => {
    expect(canonicalJson(double(hex))).toBe(text);
  });

  it.each(['7fffffffffffffff', '7ff0000000000000', 'fff0000000000000'])('of numbers: the double %s is refused (appendix B)', (hex) => {
    expect(() => canonicalJson(double(hex))).toThrow(new NotCanonical('', 'is not a finite number'));
  });
});

describe('strings', () => {
  it('escape what JSON must escape, in lower-case hex, and nothing else', () => {
    const controls = Array.from({ length: 0x20 }, (_, i) => String.fromCharCode(i)).join('');
    expect(canonicalJson(controls)).toBe(
      '"\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e\\u000f'
      + '\\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\\u0018\\u0019\\u001a\\u001b\\u001c\\u001d\\u001e\\u001f"',
    );
    expect(canonicalJson('/\u007f\u0080\u2028\u2029<>&😀')).toBe('"/\u007f\u0080\u2028\u2029<>&😀"');
  });

  it('are not normalized: what looks the same may be different text', () => {
    expect(canonicalJson('\u00e9')).not.toBe(canonicalJson('e\u0301'));
  });
});

describe('what has no canonical form is refused, with its place', () => {
  class Thing {
    name = 'x';
  }
  const sparse: unknown[] = [1];
  sparse[2] = 3;
  const itself: { own?: unknown } = {};
  itself.own = itself;

  it.each<[string, unknown, string]>([
    ['undefined', { a: { b: [1, undefined] } }, 'a.b[1] is undefined, which JSON cannot hold'],
    ['undefined alone', undefined, 'the value is undefined, which JSON cannot hold'],
    ['NaN', [Number.NaN], '[0] is not a finite number'],
    ['Infinity', { a: -Infinity }, 'a is not a finite number'],
    ['half a surrogate pair', { a: 'x\ud83d' }, 'a holds half of a surrogate pair'],
    ['the other half', { a: '\ude00x' }, 'a holds half of a surrogate pair'],
    ['half a surrogate pair in a key', { 'x\ud83d': 1 }, 'holds half of a surrogate pair'],
    ['a date', { at: new Date(0) }, 'at is not a plain object'],
    ['a class instance', [new Thing()], '[0] is not a plain object'],
    ['a map', { a: new Map() }, 'a is not a plain object'],
    ['bytes', { a: Buffer.from('x') }, 'a is not a plain object'],
    ['a boxed number', { a: Object(1) as unknown }, 'a is not a plain object'],
    ['a function', { a: () => 1 }, 'a is function, which JSON cannot hold'],
    ['a symbol', { a: Symbol('x') }, 'a is symbol, which JSON cannot hold'],
    ['a key that is a symbol', { a: { [Symbol('x')]: 1 } }, 'a has a symbol for a key'],
    ['a bigint', { a: 1n }, 'a is bigint, which JSON cannot hold'],
    ['a hole in a list', sparse, '[1] is undefined, which JSON cannot hold'],
    ['a value with toJSON', { a: { toJSON: () => 'x' } }, 'a.toJSON is function, which JSON cannot hold'],
    ['a value that holds itself', itself, 'is nested deeper than 100 levels'],
  ])('%s', (_, value, says) => {
    expect(() => canonicalJson(value)).toThrow(NotCanonical);
    expect(() => canonicalJson(value)).toThrow(says);
  });

  it('nesting beyond its limit, before the stack is exhausted', () => {
    const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as unknown;
    expect(canonicalJson(nested(100))).toBe('['.repeat(100) + ']'.repeat(100));
    expect(() => canonicalJson(nested(101))).toThrow('is nested deeper than 100 levels');
    expect(() => canonicalJson(nested(100_000))).toThrow(NotCanonical);
  });

  it('and an object without a prototype is plain all the same', () => {
    expect(canonicalJson(Object.assign(Object.create(null) as object, { b: 1, a: 2 }))).toBe('{"a":2,"b":1}');
  });
});

/** The same value with the keys of its objects in another order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([key, one]) => [key, turned(one)]));
}

describe('every JSON value', () => {
  it('comes back as it was, and is written again as it was written', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      const back = JSON.parse(text) as unknown;
      expect(back).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJson(back)).toBe(text);
      expect(text).not.toMatch(/^\s|\s$/);
    }), { numRuns: 300 });
  });

  it('is written the same in whatever order its keys were set', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      expect(canonicalJson(turned(value))).toBe(canonicalJson(value));
    }), { numRuns: 200 });
  });

  it('keeps numbers to the last bit', () => {
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      expect(JSON.parse(canonicalJson(number)) === number).toBe(true);
    }), { numRuns: 500 });
  });
});
