import { ManualClock, systemClock } from './clock.js';
import { errorTable, exitCodes } from './errors.js';
import { idFrom, newId, newSecret, uuidPattern } from './ids.js';

it('makes ids that are UUIDs, none twice', () => {
  const ids = Array.from({ length: 1_000 }, newId);
  expect(new Set(ids).size).toBe(1_000);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

it('makes the same id of the same parts for ever: stored commands are found by it', () => {
  expect(idFrom('settle', 'r-1', 'n-1')).toBe('2a96bd06-95f6-8e7b-a008-cf183686a60e');
  expect(idFrom('settle', 'r-1', 'n-1')).toMatch(uuidPattern);
});

it('makes other ids of other parts, wherever they are cut', () => {
  const parts = [['ab', 'c'], ['a', 'bc'], ['abc'], ['abc', ''], ['', 'abc'], ['a', 'b', 'c'], ['1:a', 'b'], ['1', 'a1:b'], [], [''], ['ä'], ['a\u0308']];
  expect(new Set(parts.map((one) => idFrom(...one))).size).toBe(parts.length);
  for (const one of parts) expect(idFrom(...one)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

it('makes secrets of 256 bits that fit a header and a file', () => {
  const secrets = Array.from({ length: 100 }, newSecret);
  expect(new Set(secrets).size).toBe(100);
  for (const secret of secrets) expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
});

it('tells instants that compare as text', () => {
  const clock = new ManualClock(Date.UTC(2026, 0, 16, 9));
  const before = clock.now();
  clock.advance(1);
  expect([before, clock.now()]).toEqual(['2026-01-16T09:00:00.000Z', '2026-01-16T09:00:00.001Z']);
  expect(clock.millis()).toBe(Date.parse(clock.now()));
  const [from, now, to] = [Date.now(), Date.parse(systemClock.now()), systemClock.millis()];
  expect(from <= now && now <= to).toBe(true);
});

it('knows for every kind of error a status over HTTP and an exit that --help names', () => {
  const known = new Set<number>(Object.values(exitCodes));
  for (const [kind, { status, title, exit }] of Object.entries(errorTable)) {
    expect([kind, status >= 400 && status < 600, known.has(exit), exit > 0, title.length > 0]).toEqual([kind, true, true, true, true]);
    // Ours to mend, or ours to wait for: then it is the service that cannot be reached.
    expect([kind, status >= 500 && kind !== 'not-yet']).toEqual([kind, exit === exitCodes.unreachable]);
  }
});
