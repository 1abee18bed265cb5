import { accept, never, nothing, refuse } from '../kernel/decision.js';
import type { Decider, Decision } from '../kernel/decision.js';
import { sameJson } from '../kernel/json.js';
import { isDue } from '../kernel/time.js';
import type { Instant } from '../kernel/time.js';
import { evolvePolicy, noPolicy, ruleNames } from './policy.js';
import type { ExceptionScope, Policy, PolicyEvent, PolicyState } from './policy.js';

export type PolicyCommand =
  | { type: 'adopt-policy'; content: Policy; digest: string }
  | { type: 'grant-exception'; id: string; rule: string; scope: ExceptionScope; reason: string; until: Instant; at: Instant }
  | { type: 'withdraw-exception'; id: string; reason: string };

type Of<T extends PolicyCommand['type']> = Extract<PolicyCommand, { type: T }>;

/** The same content again records nothing; by the digest alone, since a section may have been added to what policies say. */
function adopt({ content, digest }: Of<'adopt-policy'>, state: PolicyState): Decision<PolicyEvent> {
  return state.digest === digest ? nothing : accept({ type: 'policy.adopted', data: { digest, content } });
}

function grant({ id, rule, scope, reason, until, at }: Of<'grant-exception'>, state: PolicyState): Decision<PolicyEvent> {
  const name = ruleNames.find((one) => one === rule);
  if (!name) return refuse('rule-unknown', { rule, known: [...ruleNames] });
  if (reason.trim() === '') return refuse('reason-missing', {});
  if (isDue(until, at)) return refuse('exception-expired', { until });
  // An exception from everything would be another policy, and is to be adopted as one.
  if (Object.values(scope).every((one) => one === null)) return refuse('exception-boundless', { rule });
  const data = { id, rule: name, scope, reason, until };
  return sameJson(state.exceptions.get(id), data) ? nothing : accept({ type: 'policy.exception-granted', data });
}

function withdraw({ id, reason }: Of<'withdraw-exception'>, state: PolicyState): Decision<PolicyEvent> {
  if (!state.exceptions.has(id)) return refuse('exception-unknown', { exception: id });
  return accept({ type: 'policy.exception-withdrawn', data: { id, reason } });
}

export const policyDecider: Decider<PolicyCommand, PolicyState, PolicyEvent> = {
  initial: noPolicy,
  evolve: evolvePolicy,
  decide(command, state) {
    switch (command.type) {
      case 'adopt-policy':
        return adopt(command, state);
      case 'grant-exception':
        return grant(command, state);
      case 'withdraw-exception':
        return withdraw(command, state);
      default:
        return never(command);
    }
  },
};
