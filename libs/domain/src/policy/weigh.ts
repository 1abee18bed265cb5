import { sameJson } from '../kernel/json.js';
import { describeRefusal } from '../kernel/refusals.js';
import type { Refusal } from '../kernel/refusals.js';
import type { Instant } from '../kernel/time.js';
import { defaultPolicy, ruleOf } from './policy.js';
import type { Policy, PolicyException, RuleName } from './policy.js';

/** The policy that something is decided under, by its digest, with the exceptions that were granted from it. */
export interface PolicyInForce {
  state: Policy;
  digest: string;
  /** Of the policy's stream, for guards. */
  version: number;
  exceptions: readonly PolicyException[];
}

/** What holds before any policy was adopted. */
export function unadoptedPolicy(digestOf: (value: unknown) => string): PolicyInForce {
  return { state: defaultPolicy, digest: digestOf(defaultPolicy), version: 0, exceptions: [] };
}

/** Something that is against a rule: the refusal that it is worth, and what it is about. */
export interface Finding {
  rule: RuleName;
  refusal: Refusal;
  about: { product: string; version: string; rollout: string | null; nodes: readonly string[] };
}

export interface Warning {
  code: string;
  says: string;
}

/** What goes on in spite of findings, and why. */
export interface Weighed {
  warnings: Warning[];
  /** Ids of the exceptions that it rests on. */
  exceptions: string[];
}

/** What a policy makes of findings at a moment: the first refusal that no exception covers, or what is to be told. */
export function weigh(findings: readonly Finding[], { state, exceptions }: Pick<PolicyInForce, 'state' | 'exceptions'>, at: Instant): Weighed | { refusal: Refusal } {
  const warnings: Warning[] = [];
  const used = new Set<string>();
  for (const { rule: name, refusal, about } of findings) {
    const rule = ruleOf(state, name);
    if (rule === 'off') continue;
    const covering = rule === 'refuse' ? coveredBy(exceptions.filter((one) => one.rule === name && at < one.until), about) : [];
    if (covering === undefined) return { refusal };
    for (const id of covering) used.add(id);
    const warning = { code: refusal.code, says: describeRefusal(refusal).says };
    if (!warnings.some((one) => sameJson(one, warning))) warnings.push(warning);
  }
  return { warnings, exceptions: [...used] };
}

/** One exception for all that it is about, or those for each of its nodes; undefined when something is left uncovered. */
function coveredBy(exceptions: readonly PolicyException[], { product, version, rollout, nodes }: Finding['about']): string[] | undefined {
  const fits = (scope: string | null, name: string | null) => scope === null || scope === name;
  const near = exceptions.filter(({ scope }) => fits(scope.product, product) && fits(scope.version, version) && fits(scope.rollout, rollout));
  const whole = near.find(({ scope }) => scope.node === null);
  if (whole) return [whole.id];
  const byNode = new Map(near.map(({ scope, id }) => [scope.node, id]));
  const ids = nodes.map((node) => byNode.get(node));
  return nodes.length > 0 && ids.every((id) => id !== undefined) ? [...new Set(ids)] : undefined;
}
