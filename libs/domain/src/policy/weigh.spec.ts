import { clock } from '../../../../test/support/given.js';
import { refuse } from '../kernel/decision.js';
import { completePolicy } from './policy.js';
import type { ExceptionScope, PartialPolicy, PolicyException } from './policy.js';
import { weigh } from './weigh.js';
import type { Finding } from './weigh.js';

const about = { product: 'orchat', version: 'v0.4.0', rollout: 'r-1', nodes: ['n-1', 'n-2'] };
const finding = (rules: Partial<Finding> = {}): Finding => ({
  rule: 'targets.endOfLife', about, ...refuse('target-end-of-life', { product: 'orchat', version: 'v0.4.0', ended: '2026-01-01' }), ...rules,
});
const exception = (id: string, scope: Partial<ExceptionScope>, rules: Partial<PolicyException> = {}): PolicyException => ({
  id, rule: 'targets.endOfLife', scope: { product: null, version: null, node: null, rollout: null, ...scope }, reason: 'for now', until: clock(60), ...rules,
});
const weighed = (findings: Finding[], policy: PartialPolicy = {}, exceptions: PolicyException[] = [], at = clock(0)) =>
  weigh(findings, { state: completePolicy(policy), exceptions }, at);
const warning = { code: 'target-end-of-life', says: 'support of orchat v0.4.0 ended on 2026-01-01' };

it('passes what has no findings', () => {
  expect(weighed([])).toEqual({ warnings: [], exceptions: [] });
});

it('refuses, warns once, or does not mind, as the rule says', () => {
  expect(weighed([finding()])).toEqual({ refusal: finding().refusal });
  expect(weighed([finding(), finding()], { targets: { endOfLife: 'warn' } })).toEqual({ warnings: [warning], exceptions: [] });
  expect(weighed([finding()], { targets: { endOfLife: 'off' } })).toEqual({ warnings: [], exceptions: [] });
});

it('refuses by the first rule that is broken, whatever others only warn of', () => {
  const second = finding({ rule: 'staging.evidence', ...refuse('reason-missing', {}) });
  expect(weighed([finding(), second], { targets: { endOfLife: 'warn' } })).toEqual({ refusal: second.refusal });
});

it.each<[string, Partial<ExceptionScope>]>([
  ['its product', { product: 'orchat' }], ['its version', { version: 'v0.4.0' }], ['its rollout', { rollout: 'r-1' }],
  ['its product and version', { product: 'orchat', version: 'v0.4.0' }],
])('lets pass with a warning what an exception for %s covers, and names the exception', (_, scope) => {
  expect(weighed([finding()], {}, [exception('x-1', scope)])).toEqual({ warnings: [warning], exceptions: ['x-1'] });
});

it.each<[string, PolicyException]>([
  ['another product', exception('x-1', { product: 'pump' })],
  ['the product and another version', exception('x-1', { product: 'orchat', version: 'v0.3.0' })],
  ['another rollout', exception('x-1', { rollout: 'r-2' })],
  ['one of its nodes', exception('x-1', { node: 'n-1' })],
  ['another rule', exception('x-1', { product: 'orchat' }, { rule: 'targets.vetoed' })],
  ['a time that is over', exception('x-1', { product: 'orchat' }, { until: clock(0) })],
])('refuses in spite of an exception for %s', (_, one) => {
  expect(weighed([finding()], {}, [one])).toEqual({ refusal: finding().refusal });
});

it('lets pass what exceptions for each of its nodes cover together, and names them all', () => {
  const both = [exception('x-1', { node: 'n-1' }), exception('x-2', { node: 'n-2' })];
  expect(weighed([finding()], {}, both)).toEqual({ warnings: [warning], exceptions: ['x-1', 'x-2'] });
  const nobody = finding({ about: { ...about, nodes: [] } });
  expect(weighed([nobody], {}, both)).toEqual({ refusal: nobody.refusal });
});

it('names no exception that was not needed', () => {
  expect(weighed([finding()], { targets: { endOfLife: 'warn' } }, [exception('x-1', { product: 'orchat' })])).toEqual({ warnings: [warning], exceptions: [] });
});
