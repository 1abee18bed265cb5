import fc from 'fast-check';
import { dealOut } from './assigner.js';

const partitionsOf = (counts: Record<string, number>) =>
  new Map(
    Object.entries(counts).map(([topic, count]) => [topic, Array.from({ length: count }, (_, id) => id)]),
  );

describe('dealOut', () => {
  it('shares partitions evenly among members with the same topics', () => {
    const wanted = new Map([
      ['b', ['t']],
      ['a', ['t']],
    ]);
    expect(Object.fromEntries(dealOut(wanted, partitionsOf({ t: 5 })))).toEqual({
      a: { t: [0, 2, 4] },
      b: { t: [1, 3] },
    });
  });

  it('goes on round the members from topic to topic', () => {
    const wanted = new Map([
      ['a', ['t', 'u']],
      ['b', ['t', 'u']],
    ]);
    expect(Object.fromEntries(dealOut(wanted, partitionsOf({ t: 1, u: 1 })))).toEqual({
      a: { t: [0] },
      b: { u: [0] },
    });
  });

  it('gives each partition to exactly one member that asked for its topic, whoever asked for what', () => {
    const topic = fc.constantFrom('t', 'u', 'v');
    const members = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.uniqueArray(topic), { minKeys: 1 });
    fc.assert(
      fc.property(members, fc.dictionary(topic, fc.nat(7)), (asked, counts) => {
        const dealt = dealOut(new Map(Object.entries(asked)), partitionsOf(counts));
        expect([...dealt.keys()].sort()).toEqual(Object.keys(asked).sort());
        for (const name of Object.keys(counts)) {
          const takers = Object.keys(asked).filter((member) => (asked[member] as string[]).includes(name));
          const given = [...dealt].flatMap(([member, topics]) =>
            (topics[name] ?? []).map((id) => ({ member, id })),
          );
          expect(given.map(({ id }) => id).sort((a, b) => a - b)).toEqual(
            takers.length > 0 ? partitionsOf(counts).get(name) : [],
          );
          expect(given.every(({ member }) => takers.includes(member))).toBe(true);
        }
      }),
    );
  });
});
