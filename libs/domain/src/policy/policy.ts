import type { Limits } from '../node/passage.js';
import { never } from '../kernel/decision.js';
import type { Instant } from '../kernel/time.js';

/** What follows when something is against a rule: the wish is refused, or goes on with a warning, or nobody minds. */
export type Rule = 'refuse' | 'warn' | 'off';

export const tierNames = ['platinum', 'gold', 'silver'] as const;

export interface CertificationTier {
  tier: (typeof tierNames)[number];
  /** Cases that were run, at least. */
  cases: number;
  /** How much of a migration goes by itself, at least. */
  automatic: 'full' | 'partial' | 'manual';
  rollbackTested: boolean;
}

/** What an organisation allows, as data. Plans name the digest of the one that they were made under. */
export interface Policy {
  /** Versions that a plan leads to. */
  targets: { endOfLife: Rule; deprecated: Rule; vetoed: Rule };
  /** A node with all of the labels of `production` is a production node; plans for those name their trial on staging. */
  staging: { production: { [label: string]: string }; evidence: Rule; maxAgeDays: number };
  /** What people do before a rollout over production nodes. */
  checklist: { releaseNotes: Rule; usersNotified: Rule };
  /** How much longer a start may take after an upgrade than before it; below the floor nothing counts as slower. */
  baseline: { ratio: number; floorMs: number };
  /** How long a node is watched closely after an upgrade, and how often. */
  monitoring: { hours: number; observeSeconds: number };
  certification: { tiers: CertificationTier[] };
}

/** What holds until a policy is adopted, and for what an adopted one does not say. */
export const defaultPolicy: Policy = {
  targets: { endOfLife: 'refuse', deprecated: 'warn', vetoed: 'refuse' },
  staging: { production: { env: 'production' }, evidence: 'refuse', maxAgeDays: 30 },
  checklist: { releaseNotes: 'refuse', usersNotified: 'refuse' },
  baseline: { ratio: 3, floorMs: 250 },
  monitoring: { hours: 48, observeSeconds: 60 },
  certification: {
    tiers: [
      { tier: 'platinum', cases: 1_000, automatic: 'full', rollbackTested: true },
      { tier: 'gold', cases: 500, automatic: 'partial', rollbackTested: true },
      { tier: 'silver', cases: 200, automatic: 'manual', rollbackTested: true },
    ],
  },
};

/** Every rule that can be broken, and from which an exception can be granted. */
export const ruleNames = [
  'targets.endOfLife', 'targets.deprecated', 'targets.vetoed', 'staging.evidence', 'checklist.releaseNotes', 'checklist.usersNotified',
] as const;

export type RuleName = (typeof ruleNames)[number];

export function ruleOf({ targets, staging, checklist }: Policy, name: RuleName): Rule {
  const rules: { [Name in RuleName]: Rule } = {
    'targets.endOfLife': targets.endOfLife, 'targets.deprecated': targets.deprecated, 'targets.vetoed': targets.vetoed,
    'staging.evidence': staging.evidence, 'checklist.releaseNotes': checklist.releaseNotes, 'checklist.usersNotified': checklist.usersNotified,
  };
  return rules[name];
}

/** A policy as a file says it: sections and fields that it leaves out are null or absent. */
export type PartialPolicy = { [Section in keyof Policy]?: { [Field in keyof Policy[Section]]?: Policy[Section][Field] | null } | null };

/** The whole policy: what was not said takes the default. */
export function completePolicy(said: PartialPolicy): Policy {
  const sections = Object.entries(defaultPolicy).map(([section, fields]) => {
    const given: [string, unknown][] = Object.entries(said[section as keyof Policy] ?? {});
    return [section, { ...fields, ...Object.fromEntries(given.filter(([, value]) => value !== null && value !== undefined)) }] as const;
  });
  const whole: unknown = Object.fromEntries(sections);
  return whole as Policy;
}

/** What an exception holds for; null means any. */
export interface ExceptionScope {
  product: string | null;
  version: string | null;
  node: string | null;
  rollout: string | null;
}

export interface PolicyException {
  id: string;
  rule: RuleName;
  scope: ExceptionScope;
  reason: string;
  /** From then on it holds no longer. */
  until: Instant;
}

export type PolicyEvent =
  | { type: 'policy.adopted'; data: { digest: string; content: Policy } }
  | { type: 'policy.exception-granted'; data: PolicyException }
  | { type: 'policy.exception-withdrawn'; data: { id: string; reason: string } };

export interface PolicyState {
  /** Of the content as it was adopted; null before any was. */
  digest: string | null;
  content: Policy;
  /** Those that were granted and not withdrawn, expired or not. */
  exceptions: ReadonlyMap<string, PolicyException>;
}

export const noPolicy: PolicyState = { digest: null, content: defaultPolicy, exceptions: new Map() };

export function evolvePolicy(state: PolicyState, event: PolicyEvent): PolicyState {
  switch (event.type) {
    case 'policy.adopted':
      return { ...state, digest: event.data.digest, content: completePolicy(event.data.content) };
    case 'policy.exception-granted':
      return { ...state, exceptions: new Map(state.exceptions).set(event.data.id, event.data) };
    case 'policy.exception-withdrawn':
      return { ...state, exceptions: new Map([...state.exceptions].filter(([id]) => id !== event.data.id)) };
    default:
      return never(event);
  }
}

/** What measurements after a change are judged by. */
export function limitsUnder({ baseline }: Policy): Limits {
  return { baselineRatio: baseline.ratio, baselineFloorMs: baseline.floorMs };
}
