import fc from 'fast-check';
import { SteadyList } from './steady-list.js';

/** Lengths around the edges of the chunks that the list is made of. */
const lengths = fc.oneof(fc.nat(5), fc.constantFrom(63, 64, 65, 127, 128, 129, 200));
const changes = fc.array(fc.record({ at: fc.nat(), value: fc.integer() }), { maxLength: 40 });

it('is an array whose changes leave the lists before them as they were', () => {
  fc.assert(fc.property(lengths, changes, (length, wanted) => {
    let model = Array.from({ length }, (_, i) => i);
    let list = SteadyList.of(model);
    const history: [SteadyList<number>, number[]][] = [[list, model]];
    if (length > 0) {
      for (const { at, value } of wanted) {
        model = model.with(at % length, value);
        list = list.set(at % length, value);
        history.push([list, model]);
      }
    }
    for (const [then, expected] of history) {
      expect([...then]).toEqual(expected);
      expect(then.length).toBe(length);
      if (length > 0) expect([then.at(0), then.at(length - 1)]).toEqual([expected[0], expected.at(-1)]);
    }
  }));
});

it('is not changed through the array that it was made of', () => {
  const items = [1, 2, 3];
  const list = SteadyList.of(items);
  items[0] = 9;
  expect([...list]).toEqual([1, 2, 3]);
});

it.each([-1, 3, 64])('has nothing at index %i of three', (index) => {
  const list = SteadyList.of(['a', 'b', 'c']);
  expect(() => list.at(index)).toThrow(RangeError);
  expect(() => list.set(index, 'x')).toThrow(RangeError);
  expect(() => SteadyList.of<string>([]).at(0)).toThrow(RangeError);
});
