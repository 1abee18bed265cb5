import { UnknownEvent, revisionOf, upcast } from './upcast.js';
import type { RevisionTable } from './upcast.js';
import { revisions } from '../events.js';

/** An event that was reshaped twice: a name became two, then they got a heading. */
const table: RevisionTable = {
  'person.named': [
    ({ name }) => ({ first: (name as string).split(' ')[0]!, last: (name as string).split(' ')[1]! }),
    ({ first, last }) => ({ name: { first: first!, last: last! } }),
  ],
  'person.left': [],
};

describe('bringing older revisions to the present shape', () => {
  it.each([
    [1, { name: 'Ada Lovelace' }], [2, { first: 'Ada', last: 'Lovelace' }], [3, { name: { first: 'Ada', last: 'Lovelace' } }],
  ])('takes revision %i through every step that is left', (revision, data) => {
    expect(upcast(table, 'person.named', revision, data)).toEqual({ name: { first: 'Ada', last: 'Lovelace' } });
  });

  it('leaves what was read as it was', () => {
    const stored = Object.freeze({ name: 'Ada Lovelace' });
    upcast(table, 'person.named', 1, stored);
    expect(stored).toEqual({ name: 'Ada Lovelace' });
  });

  it('counts the present revision', () => {
    expect(revisionOf(table, 'person.named')).toBe(3);
    expect(revisionOf(table, 'person.left')).toBe(1);
  });

  it.each([4, 0, -1, 1.5, Number.NaN])('refuses revision %d, which it does not know', (revision) => {
    expect(() => upcast(table, 'person.named', revision, {})).toThrow(UnknownEvent);
    expect(() => upcast(table, 'person.named', revision, {})).toThrow(`revision ${revision} of person.named; run a newer one`);
  });

  it.each(['person.born', 'toString', '__proto__'])('refuses the type %s, which it does not know', (type) => {
    expect(() => upcast(table, type, 1, {})).toThrow(UnknownEvent);
    expect(() => revisionOf(table, type)).toThrow(UnknownEvent);
  });
});

it('names every type of event as stream, dot and what happened', () => {
  const types = Object.keys(revisions);
  expect(types.length).toBeGreaterThan(40);
  expect(types.filter((type) => !/^[a-z]+\.[a-z]+(-[a-z]+)*$/.test(type))).toEqual([]);
});
