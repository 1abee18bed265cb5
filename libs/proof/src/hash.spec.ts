import { digestOf, sha256, sha256Hex } from './hash.js';

it('hashes bytes and text as FIPS 180-4 gives it for "abc"', () => {
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  expect([sha256Hex('abc'), sha256Hex(Buffer.from('abc')), sha256('abc').toString('hex')]).toEqual([abc, abc, abc]);
  expect(sha256('abc')).toHaveLength(32);
});

it('names a value by its canonical JSON: the order of keys is no matter, and what cannot be written has no name', () => {
  expect(digestOf({ b: 1, a: 'é' })).toBe(sha256Hex(Buffer.from('{"a":"é","b":1}', 'utf8')));
  expect(digestOf({ a: 'é', b: 1 })).toBe(digestOf({ b: 1, a: 'é' }));
  expect(digestOf({ a: 'é', b: 2 })).not.toBe(digestOf({ b: 1, a: 'é' }));
  expect(() => digestOf({ a: undefined })).toThrow('a is undefined');
});
