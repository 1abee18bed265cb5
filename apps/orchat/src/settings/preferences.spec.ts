import type { Shape } from '../releases.js';
import { customMetrics, preferencesOf } from './preferences.js';
import { defaultSettings } from './settings.js';

describe('preferences', () => {
  it.each<[Shape, boolean]>([
    ['schema2', false], ['schema3', false], ['schema3-metrics', true], ['schema4', true],
  ])('of %s are the same defaults, with metrics: %s', (shape, metrics) => {
    const preferences = preferencesOf(defaultSettings(shape));
    expect(preferences).toMatchObject({ model: 'orchat-base', maxTokens: 1024, history: true });
    expect(preferences.metrics !== undefined).toBe(metrics);
  });
});

describe('metrics settings', () => {
  const usual = { enabled: true, endpoint: '/metrics/v2', labels: {} };

  it('with a standard endpoint, the old one too, need nobody', () => {
    expect(customMetrics(undefined)).toEqual([]);
    expect(customMetrics(usual)).toEqual([]);
    expect(customMetrics({ ...usual, endpoint: '/metrics/v1' })).toEqual([]);
  });

  it('with an endpoint or labels of their own need a person', () => {
    expect(customMetrics({ ...usual, endpoint: 'https://x.example', labels: { a: 'b', c: 'd' } })).toEqual([
      'metrics.endpoint is https://x.example',
      'metrics.labels holds a, c',
    ]);
  });
});
