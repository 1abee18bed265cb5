import type { Shape } from '../releases.js';
import { convert } from './conversion.js';
import { type Settings, defaultSettings } from './settings.js';
import { setAt, valueAt } from './tree.js';

function settingsWith(shape: Shape, values: Record<string, unknown> = {}): Settings {
  const settings = defaultSettings(shape);
  for (const [path, value] of Object.entries(values)) setAt(settings.values, path, value);
  return settings;
}

function converted(settings: Settings, to: Shape): Settings {
  const result = convert(settings, to);
  if ('losses' in result) throw new Error(result.losses.join());
  return result.settings;
}

describe('converting settings', () => {
  it.each<[Shape, Shape]>([
    ['schema2', 'schema3'],
    ['schema3', 'schema3-metrics'],
    ['schema3-metrics', 'schema4'],
    ['schema3', 'schema4'],
    ['schema4', 'schema3-metrics'],
    ['schema4', 'schema3'],
  ])('turns the defaults of %s into those of %s', (from, to) => {
    expect(converted(defaultSettings(from), to)).toEqual(defaultSettings(to));
  });

  it('carries values over, also where name and unit changed', () => {
    const old = settingsWith('schema3-metrics', {
      'provider.timeoutSeconds': 7, 'history.keepAnswers': false, 'metrics.labels': { site: 'a' },
    });
    const { values } = converted(old, 'schema4');
    expect(valueAt(values, 'provider.timeoutMs')).toBe(7000);
    expect(valueAt(values, 'history.keepAnswers')).toBe(false);
    expect(valueAt(values, 'observability.metrics.labels')).toEqual({ site: 'a' });
    expect(converted(converted(old, 'schema4'), 'schema3-metrics')).toEqual(old);
  });

  it('makes sections of the flat schema 2', () => {
    const { values } = converted(settingsWith('schema2', { model: 'm', history: false }), 'schema3');
    expect([valueAt(values, 'provider.model'), valueAt(values, 'history.enabled')]).toEqual(['m', false]);
  });

  it('tells everything that would be lost', () => {
    const settings = settingsWith('schema4', { 'generation.stop': ['END'], 'provider.timeoutMs': 1500 });
    settings.own = [{ key: 'metrics', rawKey: '"metrics"', raw: '1' }];
    expect(convert(settings, 'schema3-metrics')).toEqual({
      losses: [
        'provider.timeoutMs: 1500 cannot be kept as provider.timeoutSeconds',
        'generation.stop: would be lost, the older schema has no such setting',
        'metrics: is a setting of your own, and the other schema uses the name',
      ],
    });
  });

  it('does not drop metrics that are switched on', () => {
    const result = convert(settingsWith('schema3-metrics', { 'metrics.enabled': true }), 'schema3');
    expect(result).toEqual({ losses: [expect.stringMatching(/^metrics.enabled: would be lost/)] });
  });

  it('has no way back to schema 2', () => {
    expect(convert(defaultSettings('schema4'), 'schema2')).toEqual({
      losses: ['there is no way from schema4 to schema2'],
    });
  });

  it('leaves the settings that it was given alone', () => {
    const settings = settingsWith('schema3-metrics', { 'metrics.labels': { site: 'a' } });
    const before = structuredClone(settings);
    convert(settings, 'schema4');
    expect(settings).toEqual(before);
  });
});
