import { nextScheduled, supportOf } from '#domain';
import { loadCatalogue } from '#messaging';
import { releaseNamed } from '../../apps/orchat/src/releases.js';

const { releases } = loadCatalogue('catalog/orchat');
const on = (day: string) => Object.fromEntries(releases.map((one) => [one.version, supportOf(one, releases, day)]));
/** The guide was written when v0.7.0 came out. */
const guideDay = '2026-01-16';

it('says of every release what the guide says on the day of the guide', () => {
  expect(on(guideDay)).toEqual({
    'v0.8.0': 'scheduled', 'v0.7.0': 'current', 'v0.6.0': 'supported', 'v0.6.2': 'supported', 'v0.5.0': 'deprecated', 'v0.4.0': 'end-of-life', 'v0.3.0': 'end-of-life',
  });
});

it.each([
  ['2025-12-01', ['v0.6.2', 'v0.6.0', 'v0.5.0', 'v0.4.0', 'v0.3.0'], [], []],
  ['2025-12-02', ['v0.6.2', 'v0.6.0', 'v0.5.0', 'v0.4.0'], [], ['v0.3.0']],
  ['2026-01-02', ['v0.6.2', 'v0.6.0', 'v0.5.0'], [], ['v0.4.0', 'v0.3.0']],
  ['2026-02-01', ['v0.7.0', 'v0.6.2', 'v0.6.0'], ['v0.5.0'], ['v0.4.0', 'v0.3.0']],
  ['2026-02-02', ['v0.7.0', 'v0.6.2', 'v0.6.0'], [], ['v0.5.0', 'v0.4.0', 'v0.3.0']],
  ['2026-02-15', ['v0.8.0', 'v0.7.0', 'v0.6.2', 'v0.6.0'], [], ['v0.5.0', 'v0.4.0', 'v0.3.0']],
  ['2026-04-02', ['v0.8.0', 'v0.7.0'], [], ['v0.6.2', 'v0.6.0', 'v0.5.0', 'v0.4.0', 'v0.3.0']],
])('tells how they stand on %s', (day, [current, ...supported], deprecated, ended) => {
  const with_ = (word: string) => Object.entries(on(day)).filter(([, support]) => support === word).map(([version]) => version).sort().reverse();
  expect([with_('current'), with_('supported'), with_('deprecated'), with_('end-of-life')]).toEqual([[current], supported, deprecated, ended]);
});

it('knows what is scheduled next, on any day', () => {
  const next = (day: string) => {
    const one = nextScheduled(releases, day);
    return one && [one.version, one.released ?? one.scheduled];
  };
  expect(next('2026-01-15')).toEqual(['v0.7.0', '2026-01-16']);
  expect(next(guideDay)).toEqual(['v0.8.0', '2026-02-15']);
  expect(next('2026-02-15')).toBeUndefined();
});

it('says of every release in the guide what breaks', () => {
  expect(Object.fromEntries(releases.filter((one) => one.breaking.length > 0).map((one) => [one.version, one.breaking.join()]))).toEqual({
    'v0.3.0': 'Initial release', 'v0.4.0': 'History format v2', 'v0.5.0': 'Config schema v3', 'v0.6.0': 'Metrics API v2', 'v0.7.0': 'Engineering Freeze',
  });
});

it('holds both words of the guide on the settings of v0.5: it brought schema 3, and v0.7.0 has schema 4', () => {
  const settings = (version: string) => releaseNamed(version)!;
  expect(['v0.4.0', 'v0.5.0', 'v0.6.0', 'v0.7.0'].map((version) => settings(version).settings)).toEqual(['schema2', 'schema3', 'schema3-metrics', 'schema4']);
  // From v0.6 nobody has anything to do, from v0.5 somebody has.
  expect(settings('v0.7.0').convertsAtStart).toEqual([settings('v0.6.2').settings]);
  expect(settings('v0.7.0').reads).toContain(settings('v0.5.0').settings);
});
