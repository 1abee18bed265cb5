import fc from 'fast-check';
import { decodeHistory, encodeEntry, encodeHistory, formatOf } from './format.js';

const entry = { at: '2026-01-16T08:00:00.000Z', prompt: 'Hello', answer: 'Hi' };

describe('the history', () => {
  it('of format 1 is one prompt on each line', () => {
    expect(encodeHistory([entry, { ...entry, prompt: 'two\n lines' }], 1)).toBe('Hello\ntwo lines\n');
    expect(decodeHistory('Hello\ntwo lines\n')).toEqual([
      { at: null, prompt: 'Hello', answer: null },
      { at: null, prompt: 'two lines', answer: null },
    ]);
  });

  it('of format 2 begins with a header and keeps everything', () => {
    const text = encodeHistory([entry], 2);
    expect([formatOf(text), formatOf('Hello\n'), formatOf('')]).toEqual([2, 1, 1]);
    expect(decodeHistory(text)).toEqual([entry]);
  });

  it('of format 2 keeps any prompt', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (prompts) => {
        const entries = prompts.map((prompt) => ({ ...entry, prompt }));
        expect(decodeHistory(encodeHistory(entries, 2))).toEqual(entries);
      }),
    );
  });

  it('names the line that it cannot read', () => {
    const text = `${encodeHistory([entry], 2)}${encodeEntry(entry, 2)}{"prompt":1}\n`;
    expect(() => decodeHistory(text)).toThrow('line 4 is not a history entry');
    expect(() => decodeHistory(`${encodeHistory([], 2)}half`)).toThrow('line 2');
  });
});
