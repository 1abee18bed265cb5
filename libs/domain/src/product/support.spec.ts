import fc from 'fast-check';
import { release } from '../../../../test/support/given.js';
import { compareVersions } from '../kernel/names.js';
import type { Release } from './product.js';
import { nextScheduled, supportOf, supportWords } from './support.js';

const all = (...releases: Release[]) => (day: string) => Object.fromEntries(releases.map((one) => [one.version, supportOf(one, releases, day)]));

it('follows a release from its schedule to its end of life', () => {
  const one = release('v1', { released: '2026-01-10', activeSupportEnds: '2026-02-01', supportEnds: '2026-03-01' });
  const on = (day: string) => supportOf(one, [one, release('v2', { released: '2026-01-20' })], day);
  expect(['2026-01-09', '2026-01-10', '2026-01-19', '2026-01-20', '2026-02-01', '2026-02-02', '2026-03-01', '2026-03-02', '2031-01-01'].map(on)).toEqual([
    'scheduled', 'current', 'current', 'supported', 'supported', 'deprecated', 'deprecated', 'end-of-life', 'end-of-life',
  ]);
});

it('takes the day that a release was scheduled for until its release is told', () => {
  const on = all(release('v1'), release('v2', { scheduled: '2026-02-15' }));
  expect(on('2026-02-14')).toEqual({ v1: 'current', v2: 'scheduled' });
  expect(on('2026-02-15')).toEqual({ v1: 'supported', v2: 'current' });
  expect(all(release('v1', { scheduled: '2026-01-01', released: '2026-03-01' }))('2026-02-01')).toEqual({ v1: 'scheduled' });
});

it('holds a release without dates to be out and supported, on any day', () => {
  expect(all(release('v1'))('0001-01-01')).toEqual({ v1: 'current' });
  expect(all(release('v1'))('9999-12-31')).toEqual({ v1: 'current' });
});

it('takes the newest supported one as current, not the newest', () => {
  expect(all(release('v9'), release('v10'), release('v11', { supportEnds: '2026-01-01' }))('2026-01-02')).toEqual({ v9: 'supported', v10: 'current', v11: 'end-of-life' });
  expect(all(release('v1'), release('v2', { activeSupportEnds: '2026-01-01' }))('2026-01-02')).toEqual({ v1: 'current', v2: 'deprecated' });
});

it('takes a pre-release as current only when there is nothing else', () => {
  expect(all(release('v1.0.0'), release('v2.0.0-rc.1'))('2026-01-01')).toEqual({ 'v1.0.0': 'current', 'v2.0.0-rc.1': 'supported' });
  expect(all(release('v2.0.0-rc.1'), release('v2.0.0-rc.2'))('2026-01-01')).toEqual({ 'v2.0.0-rc.1': 'supported', 'v2.0.0-rc.2': 'current' });
  expect(all(release('v1.0.0+build-5'), release('v0.9.0'))('2026-01-01')).toEqual({ 'v1.0.0+build-5': 'current', 'v0.9.0': 'supported' });
});

describe('the next scheduled release', () => {
  const releases = [release('v3', { scheduled: '2026-03-01' }), release('v2.1', { scheduled: '2026-02-01' }), release('v2', { scheduled: '2026-02-01' }), release('v1')];

  it('is the one whose day comes first', () => {
    expect(nextScheduled(releases, '2026-01-01')?.version).toBe('v2');
    expect(nextScheduled(releases, '2026-02-01')?.version).toBe('v3');
    expect(nextScheduled(releases, '2026-03-01')).toBeUndefined();
  });
});

const day = fc.integer({ min: 0, max: 1_000 }).map((days) => new Date(Date.UTC(2026, 0, 1) + days * 86_400_000).toISOString().slice(0, 10));
const maybe = fc.option(day);
const anyReleases = fc.array(fc.record({ released: maybe, scheduled: maybe, activeSupportEnds: maybe, supportEnds: maybe }), { minLength: 1, maxLength: 8 })
  .map((list) => list.map((dates, i) => release(`v${i}`, dates)));

it('never goes back while days pass, and holds at most one release for current on any day', () => {
  fc.assert(fc.property(anyReleases, day, day, (releases, a, b) => {
    const [before, after] = a <= b ? [a, b] : [b, a];
    const stages = supportWords.filter((word) => word !== 'current');
    const stage = (one: Release, on: string) => stages.indexOf(supportOf(one, releases, on).replace('current', 'supported') as (typeof stages)[number]);
    for (const one of releases) expect(stage(one, before)).toBeLessThanOrEqual(stage(one, after));
    const current = releases.filter((one) => supportOf(one, releases, after) === 'current');
    const supported = releases.filter((one) => ['current', 'supported'].includes(supportOf(one, releases, after)));
    expect(current.length).toBe(supported.length > 0 ? 1 : 0);
    for (const one of supported) expect(compareVersions(current[0]!.version, one.version)).toBeGreaterThanOrEqual(0);
  }));
});
