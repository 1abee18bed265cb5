import { clock, given, productEvents, catalogue, release } from '../../../../test/support/given.js';
import type { Mark } from './marks.js';
import { productDecider } from './product.decide.js';
import type { ProductEvent, Release } from './product.js';
import { targetFindings } from './target.js';

const nodes = ['n-1'];

function product(releases: Release[], marks: Partial<Mark>[] = []) {
  const marked = marks.map((mark): ProductEvent => ({
    type: 'product.release-marked', data: { product: 'orchat', version: 'v0.7.0', mark: 'bad', reason: 'it loses history', from: clock(0), until: null, ...mark },
  }));
  const { state } = given(productDecider, [...productEvents(catalogue({ releases, paths: [] })), ...marked]);
  if (state.status === 'none') throw new Error('not registered');
  return state;
}

const found = (state: ReturnType<typeof product>, to: string, at = clock(1)) =>
  targetFindings({ product: 'orchat', to, rollout: 'r-1', nodes, at }, state).map(({ rule, refusal, about }) => {
    expect(about).toEqual({ product: 'orchat', version: to, rollout: 'r-1', nodes });
    return [rule, refusal.code, refusal.facts];
  });

const dated = [
  release('v0.5.0', { supportEnds: '2026-01-15' }), release('v0.6.0', { activeSupportEnds: '2026-01-15', supportEnds: '2026-03-31' }), release('v0.7.0'),
];

it('finds nothing against a release that is supported on the day of the plan', () => {
  expect(found(product(dated), 'v0.7.0')).toEqual([]);
  expect(found(product(dated), 'v0.5.0', '2026-01-15T23:59:59.999Z')).toEqual([]);
  expect(found(product(dated), 'v0.6.0', '2026-01-15T23:59:59.999Z')).toEqual([]);
});

it('finds the end of life and the deprecation of a release from the day after their last one on', () => {
  expect(found(product(dated), 'v0.5.0', '2026-01-16T00:00:00.000Z')).toEqual([
    ['targets.endOfLife', 'target-end-of-life', { product: 'orchat', version: 'v0.5.0', ended: '2026-01-15' }],
  ]);
  expect(found(product(dated), 'v0.6.0', '2026-01-16T00:00:00.000Z')).toEqual([
    ['targets.deprecated', 'target-deprecated', { product: 'orchat', version: 'v0.6.0', ended: '2026-01-15' }],
  ]);
  expect(found(product(dated), 'v0.6.0', '2026-04-01T00:00:00.000Z').map(([rule]) => rule)).toEqual(['targets.endOfLife']);
});

describe('a release that is marked as bad', () => {
  it('is found while the mark holds: not before it was set, and not from its end on', () => {
    const state = product(dated, [{ until: clock(60) }]);
    expect(found(state, 'v0.7.0', clock(0))).toEqual([['targets.vetoed', 'target-vetoed', { product: 'orchat', version: 'v0.7.0', reason: 'it loses history' }]]);
    expect(found(state, 'v0.7.0', '2026-01-16T08:59:59.999Z')).toEqual([]);
    expect(found(state, 'v0.7.0', clock(60))).toEqual([]);
    expect(found(state, 'v0.6.0', '2026-01-15T00:00:00.000Z')).toEqual([]);
  });
});

describe('a pin', () => {
  const pinned = { version: 'v0.6.0', mark: 'pinned', reason: 'the audit is on' } as const;

  it('speaks against every other release, and not against its own', () => {
    const state = product([release('v0.5.0'), release('v0.6.0'), release('v0.7.0')], [pinned]);
    const refusal = (version: string) => [['targets.vetoed', 'target-not-pinned', { product: 'orchat', version, pinned: ['v0.6.0'], reason: 'the audit is on' }]];
    expect(found(state, 'v0.6.0')).toEqual([]);
    expect(found(state, 'v0.7.0')).toEqual(refusal('v0.7.0'));
    expect(found(state, 'v0.5.0')).toEqual(refusal('v0.5.0'));
  });

  it('to one of several leaves them all', () => {
    const state = product([release('v0.5.0'), release('v0.6.0'), release('v0.7.0')], [pinned, { ...pinned, version: 'v0.7.0' }]);
    expect(found(state, 'v0.7.0')).toEqual([]);
    expect(found(state, 'v0.5.0')).toHaveLength(1);
  });
});
