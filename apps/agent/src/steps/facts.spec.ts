import { readFacts, unmet } from './facts.js';

const expectation = (over: object) => ({ exit: null, stdout: null, json: {}, ...over });

describe('what a step expects', () => {
  it.each<[string, object, number | null, string | undefined, string | undefined]>([
    ['the exit code', { exit: 0 }, 0, '', undefined],
    ['another exit code', { exit: 0 }, 1, '', 'exit-code'],
    ['no exit code', { exit: 0 }, null, '', 'exit-code'],
    ['an exit code that is not 0', { exit: 3 }, 3, '', undefined],
    ['any exit code, where only the output counts', { stdout: '^ok$' }, 1, 'ok\n', undefined],
    ['a line among others', { stdout: '^v1$' }, 0, 'a\nv1\nb\n', undefined],
    ['no such line', { stdout: '^v1$' }, 0, 'v1.2\n', 'output-unexpected'],
    ['a value', { json: { valid: true } }, 0, '{"valid":true}', undefined],
    ['a value within', { json: { 'a.b.c': 'x' } }, 0, '{"a":{"b":{"c":"x"}}}', undefined],
    ['a value in a list', { json: { 'a.1': 'y' } }, 0, '{"a":["x","y"]}', undefined],
    ['another type of value', { json: { valid: true } }, 0, '{"valid":"true"}', 'output-unexpected'],
    ['a number as text', { json: { n: 1 } }, 0, '{"n":"1"}', 'output-unexpected'],
    ['no such value', { json: { valid: true } }, 0, '{}', 'output-unexpected'],
    ['no JSON', { json: { valid: true } }, 0, 'valid: true', 'output-unexpected'],
    ['more than JSON', { json: { valid: true } }, 0, '{"valid":true}\nbye', 'output-unexpected'],
    ['one of two', { json: { a: 1, b: 2 } }, 0, '{"a":1,"b":3}', 'output-unexpected'],
    ['what only every object has', { json: { 'constructor.name': 'Object' } }, 0, '{}', 'output-unexpected'],
    ['all of them', { exit: 0, stdout: 'v', json: { v: 1 } }, 0, '{"v":1}', undefined],
    ['the exit code before the rest', { exit: 0, stdout: 'v' }, 1, 'w', 'exit-code'],
    ['output that nobody could read', { stdout: 'v' }, 0, undefined, 'output-too-large'],
    ['output that nobody needs to read', { exit: 0 }, 0, undefined, undefined],
  ])('%s', (_, over, exit, stdout, why) => {
    expect(unmet(expectation(over), exit, stdout)).toBe(why);
  });
});

describe('facts', () => {
  const read = (value: unknown, path = 'a') => readFacts({ fact: { json: path } }, JSON.stringify({ a: value }))['fact'];

  it('are what the output says', () => {
    expect(read('x')).toBe('x');
    expect(read(0)).toBe(0);
    expect(read(false)).toBe(false);
    expect(read([])).toEqual([]);
    expect(read(['x', 'y'])).toEqual(['x', 'y']);
    expect(read({ b: { c: 1.5 } }, 'a.b.c')).toBe(1.5);
    expect(read(['x', 'y'], 'a.length')).toBe(2);
  });

  it.each<[string, unknown]>([
    ['null', null], ['an object', {}], ['a list of other things', [1]], ['a text that is too long', 'x'.repeat(2_001)], ['a list that is too long', Array(101).fill('')],
    ['a long text in a list', ['x'.repeat(501)]], ['a NUL character', 'a\0'], ['half a character', '\ud800'], ['half a character in a list', ['\udc00']],
  ])('leave out %s', (_, value) => {
    expect(read(value)).toBeUndefined();
  });

  it('leave out what only every object has', () => {
    expect(read({}, 'a.constructor.name')).toBeUndefined();
    expect(read({}, 'a.__proto__')).toBeUndefined();
    expect(read('x', 'a.length')).toBeUndefined();
  });

  it('come from the group of a pattern, on any line', () => {
    expect(readFacts({ version: { match: '^(v\\S+)$' } }, 'hello\nv1.10\n')).toEqual({ version: 'v1.10' });
    expect(readFacts({ version: { match: '^(v\\S+)$' } }, 'hello\n')).toEqual({});
    expect(readFacts({ version: { match: 'x|(v\\S+)' } }, 'x')).toEqual({});
  });

  it('are none where there is no output to read', () => {
    expect(readFacts({ a: { json: 'a' } }, undefined)).toEqual({});
    expect(readFacts({ a: { json: 'a' } }, '')).toEqual({});
  });

  it('stop where a report could hold no more, and keep those that came before', () => {
    const sources = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}`, { json: 'a' }]));
    const facts = readFacts({ ...sources, small: { json: 'b' } }, JSON.stringify({ a: 'x'.repeat(2_000), b: 1 }));
    expect(Object.keys(facts)).toHaveLength(25);
    expect(facts['f0']).toHaveLength(2_000);
    expect(facts['small']).toBe(1);
  });
});
