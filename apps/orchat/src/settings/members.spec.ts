import fc from 'fast-check';
import { membersOf } from './members.js';

describe('membersOf', () => {
  it('gives names and values exactly as they were written', () => {
    const text = '{ "a" : 1.0 , "b\\u00e9\\"":{"x":[1, {"y":"}]\\""}]},"c":"\\\\","d":-1e3,"e":null\n}';
    expect(membersOf(text)).toEqual([
      { key: 'a', rawKey: '"a"', raw: '1.0' },
      { key: 'bé"', rawKey: '"b\\u00e9\\""', raw: '{"x":[1, {"y":"}]\\""}]}' },
      { key: 'c', rawKey: '"c"', raw: '"\\\\"' },
      { key: 'd', rawKey: '"d"', raw: '-1e3' },
      { key: 'e', rawKey: '"e"', raw: 'null' },
    ]);
  });

  it.each(['{}', ' { } ', '{\n}'])('finds none in %j', (text) => {
    expect(membersOf(text)).toEqual([]);
  });

  it('takes any JSON object apart so that it can be put together again', () => {
    const spacing = fc.constantFrom(undefined, 2, '\t');
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), spacing, (object, space) => {
        const members = membersOf(JSON.stringify(object, null, space));
        expect(JSON.parse(`{${members.map(({ rawKey, raw }) => `${rawKey}:${raw}`).join(',')}}`)).toEqual(
          JSON.parse(JSON.stringify(object)),
        );
        expect(members.map(({ key }) => key)).toEqual(Object.keys(object));
      }),
    );
  });
});
