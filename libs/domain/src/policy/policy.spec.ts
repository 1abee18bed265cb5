import { clock, digest, given } from '../../../../test/support/given.js';
import { policyDecider } from './policy.decide.js';
import { completePolicy, defaultPolicy, ruleNames, ruleOf } from './policy.js';
import type { ExceptionScope, PolicyEvent, PolicyException } from './policy.js';

const strict = completePolicy({ targets: { deprecated: 'refuse' } });
const adopted: PolicyEvent = { type: 'policy.adopted', data: { digest: digest('a'), content: strict } };
const scope: ExceptionScope = { product: 'orchat', version: null, node: null, rollout: null };
const exception: PolicyException = { id: 'x-1', rule: 'targets.endOfLife', scope, reason: 'the vendor still helps us', until: clock(60) };
const granted: PolicyEvent = { type: 'policy.exception-granted', data: exception };
const grant = (rules: object = {}) => ({ type: 'grant-exception' as const, ...exception, at: clock(0), ...rules });

describe('a policy', () => {
  it('is the default one until another is adopted', () => {
    expect(given(policyDecider).state).toEqual({ digest: null, content: defaultPolicy, exceptions: new Map() });
    expect(given(policyDecider, [adopted]).state).toMatchObject({ digest: digest('a'), content: { targets: { deprecated: 'refuse' } } });
  });

  it('takes the default for what it does not say, field by field', () => {
    expect(completePolicy({})).toEqual(defaultPolicy);
    expect(completePolicy({ targets: null, staging: { maxAgeDays: null, evidence: 'off' } })).toEqual({
      ...defaultPolicy, staging: { ...defaultPolicy.staging, evidence: 'off' },
    });
  });

  it('that was adopted before it could say something says the default there', () => {
    const { monitoring: _monitoring, ...older } = strict;
    const state = given(policyDecider, [{ type: 'policy.adopted', data: { digest: digest('a'), content: older as typeof strict } }]).state;
    expect(state.content).toEqual(strict);
  });

  it('is recorded when its content is another, and only then', () => {
    const adopt = (letter: string) => ({ type: 'adopt-policy' as const, content: strict, digest: digest(letter) });
    given(policyDecider).when(adopt('a')).records(adopted);
    given(policyDecider, [adopted]).when(adopt('a')).staysQuiet();
    given(policyDecider, [adopted]).when(adopt('b')).recordsTypes('policy.adopted');
  });

  it('has every rule that an exception can be from', () => {
    for (const name of ruleNames) expect(['refuse', 'warn', 'off']).toContain(ruleOf(defaultPolicy, name));
  });
});

describe('an exception', () => {
  it('is granted with its reason and its end, and once', () => {
    given(policyDecider, [adopted]).when(grant()).records(granted);
    given(policyDecider, [adopted, granted]).when(grant()).staysQuiet();
  });

  it('is refused without a reason, without a bound, without time to hold, or from no rule', () => {
    const when = (rules: object) => given(policyDecider).when(grant(rules));
    when({ reason: ' ' }).refuses('reason-missing', {});
    when({ scope: { product: null, version: null, node: null, rollout: null } }).refuses('exception-boundless', { rule: 'targets.endOfLife' });
    when({ at: clock(60) }).refuses('exception-expired', { until: clock(60) });
    when({ rule: 'targets' }).refuses('rule-unknown', { rule: 'targets', known: [...ruleNames] });
  });

  it('outlives the adoption of another policy, and ends when it is withdrawn', () => {
    expect(given(policyDecider, [granted, adopted]).state.exceptions.get('x-1')).toEqual(exception);
    const withdraw = { type: 'withdraw-exception' as const, id: 'x-1', reason: 'not needed' };
    const withdrawn: PolicyEvent = { type: 'policy.exception-withdrawn', data: { id: 'x-1', reason: 'not needed' } };
    given(policyDecider, [granted]).when(withdraw).records(withdrawn);
    given(policyDecider, [granted, withdrawn]).when(withdraw).refuses('exception-unknown', { exception: 'x-1' });
  });
});
