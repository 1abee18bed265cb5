import { given } from '../../../../test/support/given.js';
import { lifecycleDecider } from './lifecycle.decide.js';
import { cycleSupport, evolveLifecycle, noLifecycle } from './lifecycle.js';
import type { Cycle, Lifecycle, LifecycleEvent } from './lifecycle.js';

const cycle = (name: string, rules: Partial<Cycle> = {}): Cycle => ({
  cycle: name, label: null, codename: null, released: '2024-01-10', lts: null, activeSupportEnds: null, supportEnds: null, extendedSupportEnds: null,
  discontinued: null, latest: null, latestReleased: null, link: null, ...rules,
});
const lifecycle = (rules: Partial<Lifecycle> = {}): Lifecycle => ({ product: 'pump', title: 'The Pump', link: null, cycles: [cycle('2'), cycle('1')], ...rules });
const importing = (rules: Partial<Lifecycle> = {}) => ({ type: 'import-lifecycle' as const, lifecycle: lifecycle(rules) });
const registered: LifecycleEvent = { type: 'lifecycle.registered', data: { product: 'pump', title: 'The Pump', link: null } };
const published: LifecycleEvent = { type: 'lifecycle.cycles-published', data: { product: 'pump', cycles: [cycle('2'), cycle('1')] } };
const known = () => given(lifecycleDecider, [registered, published]);

describe('importing a life cycle', () => {
  it('records a new product with all its cycles', () => {
    given(lifecycleDecider).when(importing()).records(registered, published);
    given(lifecycleDecider).when(importing({ cycles: [] })).records(registered);
  });

  it('records nothing when it is imported again, in whatever order it lists them', () => {
    known().when(importing()).staysQuiet();
    known().when(importing({ cycles: [cycle('1'), cycle('2')] })).staysQuiet();
  });

  it('records a changed date as amended, and leaves the others', () => {
    const amended = cycle('1', { supportEnds: '2026-01-01' });
    known().when(importing({ cycles: [cycle('2'), amended] })).records({ type: 'lifecycle.cycles-amended', data: { product: 'pump', cycles: [amended] } });
  });

  it('records what is new, what is gone, and another title', () => {
    known().when(importing({ title: 'Pump', cycles: [cycle('3'), cycle('2')] })).records(
      { type: 'lifecycle.registered', data: { product: 'pump', title: 'Pump', link: null } },
      { type: 'lifecycle.cycles-withdrawn', data: { product: 'pump', cycles: ['1'] } },
      { type: 'lifecycle.cycles-published', data: { product: 'pump', cycles: [cycle('3')] } },
    );
  });

  it('leads to what was imported, however it came about', () => {
    const first = known().when(importing({ cycles: [cycle('3'), cycle('2', { lts: true })] })).decided;
    if (!('events' in first)) throw new Error('refused');
    const state = first.events.reduce(evolveLifecycle, known().state);
    expect(state).toEqual({ status: 'known', product: 'pump', title: 'The Pump', link: null, cycles: new Map([['2', cycle('2', { lts: true })], ['3', cycle('3')]]) });
  });

  it('spreads many cycles over events that the ledger can hold', () => {
    const cycles = Array.from({ length: 400 }, (_, i) => cycle(`機種-${i}`, { link: `https://example.org/${'x'.repeat(200)}`, label: '泵'.repeat(50) }));
    const { decided } = given(lifecycleDecider).when(importing({ cycles }));
    if (!('events' in decided)) throw new Error('refused');
    const parts = decided.events.slice(1);
    expect(parts.length).toBeGreaterThan(5);
    for (const part of parts) expect(Buffer.byteLength(JSON.stringify(part))).toBeLessThan(60 * 1024);
    expect(parts.flatMap((part) => (part.type === 'lifecycle.cycles-published' ? part.data.cycles : []))).toEqual(cycles);
  });

  it('is refused for a name that is none, for a cycle that stands there twice, and for one that no event can hold', () => {
    given(lifecycleDecider).when(importing({ product: 'The Pump' })).refuses('lifecycle-invalid', { product: 'The Pump', problems: ['The Pump is not a name for a product'] });
    given(lifecycleDecider).when(importing({ cycles: [cycle('1'), cycle('1')] })).refuses('lifecycle-invalid', { product: 'pump', problems: ['cycle 1 stands there twice'] });
    given(lifecycleDecider).when(importing({ cycles: [cycle('1', { label: 'x'.repeat(20_000) })] })).refuses('lifecycle-invalid', {
      product: 'pump', problems: ['cycle 1 is too long to be recorded'],
    });
  });

  it('holds no cycle of a product before it was registered', () => {
    expect(() => evolveLifecycle(noLifecycle, published)).toThrow('before the life cycle was registered');
  });
});

describe('the support of a cycle', () => {
  const on = (day: string, ...cycles: Cycle[]) => cycles.map((one) => cycleSupport(one, cycles, day));

  it('goes by its days: each is the last one of what it ends', () => {
    const one = cycle('1', { activeSupportEnds: '2024-06-30', supportEnds: '2025-06-30' });
    const days = ['2024-01-09', '2024-01-10', '2024-06-30', '2024-07-01', '2025-06-30', '2025-07-01'];
    expect(days.map((day) => on(day, one)[0])).toEqual(['scheduled', 'current', 'current', 'deprecated', 'deprecated', 'end-of-life']);
  });

  it.each<[Partial<Cycle>, string]>([
    [{ supportEnds: true }, 'end-of-life'], [{ supportEnds: false }, 'current'], [{ supportEnds: null }, 'current'],
    [{ supportEnds: false, activeSupportEnds: true }, 'deprecated'], [{ supportEnds: true, activeSupportEnds: false }, 'end-of-life'],
    [{ supportEnds: '2024-02-01', extendedSupportEnds: '2030-01-01' }, 'end-of-life'], [{ discontinued: true }, 'current'], [{ lts: true }, 'current'],
    [{ released: null }, 'supported'], [{ released: null, supportEnds: '2024-02-01' }, 'end-of-life'],
  ])('of %j is %s', (rules, support) => {
    expect(on('2024-03-01', cycle('1', rules))).toEqual([support]);
  });

  it('is current for the newest that are supported, also when they are several of one day', () => {
    const old = cycle('1', { released: '2023-01-01' });
    expect(on('2024-03-01', cycle('2-pro'), cycle('2'), old, cycle('3', { released: '2024-02-01', supportEnds: true }))).toEqual(['current', 'current', 'supported', 'end-of-life']);
    expect(on('2024-01-01', cycle('2'), old)).toEqual(['scheduled', 'current']);
  });
});
