import { clock, given, productEvents } from '../../../../test/support/given.js';
import { marksAt } from './marks.js';
import { productDecider } from './product.decide.js';
import type { ProductEvent } from './product.js';

const data = { product: 'orchat', version: 'v0.7.0', mark: 'bad', reason: 'it loses history', from: clock(0), until: clock(60) } as const;
const marked: ProductEvent = { type: 'product.release-marked', data };
const unmarked: ProductEvent = { type: 'product.release-unmarked', data: { product: 'orchat', version: 'v0.7.0', mark: 'bad', reason: 'it was us', at: clock(30) } };
const { from: _from, ...asked } = data;
const mark = (rules: object = {}) => ({ type: 'mark-release' as const, ...asked, at: clock(0), ...rules });
const unmark = (rules: object = {}) => ({ type: 'unmark-release' as const, product: 'orchat', version: 'v0.7.0', mark: 'bad' as const, reason: 'it was us', at: clock(30), ...rules });
const known = (...events: ProductEvent[]) => given(productDecider, [...productEvents(), ...events]);
const holding = (at: string, ...events: ProductEvent[]) => {
  const { state } = known(...events);
  return state.status === 'none' ? [] : marksAt(state.marks, at).map((one) => [one.version, one.mark, one.reason]);
};

it('is recorded from now on, with its reason and its end', () => {
  known().when(mark()).records(marked);
  known().when(mark({ mark: 'pinned', until: null })).records({ type: 'product.release-marked', data: { ...data, mark: 'pinned', until: null } });
});

it('is recorded once; with another reason or end it takes the place of the one before', () => {
  known(marked).when(mark({ at: clock(5) })).staysQuiet();
  known(marked).when(mark({ at: clock(5), until: null })).recordsTypes('product.release-marked');
  known(marked).when(mark({ at: clock(5), reason: 'it is worse' })).recordsTypes('product.release-marked');
  const worse: ProductEvent = { type: 'product.release-marked', data: { ...data, reason: 'it is worse', from: clock(5) } };
  expect(holding(clock(4), marked, worse)).toEqual([['v0.7.0', 'bad', 'it loses history']]);
  expect(holding(clock(5), marked, worse)).toEqual([['v0.7.0', 'bad', 'it is worse']]);
});

it('can be set again when it has ended', () => {
  known(marked).when(mark({ at: clock(60), until: null })).recordsTypes('product.release-marked');
});

it('is refused for what is no release, without a reason, and when it would not hold at all', () => {
  given(productDecider).when(mark()).refuses('product-unknown', { product: 'orchat' });
  known().when(mark({ version: 'v0.9.0' })).refuses('version-unknown', { product: 'orchat', version: 'v0.9.0' });
  known().when(mark({ reason: '  ' })).refuses('reason-missing', {});
  known().when(mark({ at: clock(60) })).refuses('mark-expired', { until: clock(60) });
});

it('is taken off while it holds, and it stays known that it held', () => {
  known(marked).when(unmark()).records(unmarked);
  expect(holding(clock(29), marked, unmarked)).toEqual([['v0.7.0', 'bad', 'it loses history']]);
  expect(holding(clock(30), marked, unmarked)).toEqual([]);
  const facts = { product: 'orchat', version: 'v0.7.0', mark: 'bad' };
  known(marked, unmarked).when(unmark({ at: clock(31) })).refuses('release-not-marked', facts);
  known(marked).when(unmark({ at: clock(60) })).refuses('release-not-marked', facts);
  known(marked).when(unmark({ mark: 'pinned' })).refuses('release-not-marked', { ...facts, mark: 'pinned' });
  given(productDecider).when(unmark()).refuses('product-unknown', { product: 'orchat' });
});

it('outlives another import of the catalogue', () => {
  expect(holding(clock(5), marked, ...productEvents())).toEqual([['v0.7.0', 'bad', 'it loses history']]);
});
