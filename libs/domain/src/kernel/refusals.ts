import type { Json } from './json.js';

export type Facts = { [name: string]: Json };

/** An expected failure: nothing is recorded, and the asker learns why and what to do next. */
export interface Refusal {
  code: RefusalCode;
  facts: Facts;
}

/**
 * The nature of a refusal: `invalid` the wish itself is wrong; `unknown` it names what does not exist; `conflict` the
 * state does not allow it; `stale` it was made against an older state; `forbidden` it is not the asker's to wish.
 */
export type RefusalKind = 'invalid' | 'unknown' | 'conflict' | 'stale' | 'forbidden';

interface Entry<Name extends string = string> {
  kind: RefusalKind;
  says: (facts: Facts) => string;
  next: string;
  /** The facts that its texts name. */
  names: readonly Name[];
}

/** The names in braces of a text. */
type NamedIn<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | NamedIn<Rest> : never;

/** Of a longer list a text names as many and counts the others. */
const listedMax = 20;

function show(facts: Facts, name: string): string {
  const value = facts[name];
  if (Array.isArray(value)) return listed(value.map(String));
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

function listed(items: readonly string[]): string {
  const more = items.length - listedMax;
  return more <= 0 ? items.join(', ') : `${items.slice(0, listedMax).join(', ')} and ${more} more`;
}

const named = /\{(\w+)\}/g;

function filled(text: string, facts: Facts): string {
  return text.replace(named, (_, name: string) => show(facts, name));
}

function entry<Says extends string, Next extends string>(kind: RefusalKind, template: Says, next: Next): Entry<NamedIn<Says> | NamedIn<Next>> {
  const names = [...`${template} ${next}`.matchAll(named)].map(([, name]) => name as NamedIn<Says> | NamedIn<Next>);
  return { kind, next, names, says: (facts) => filled(template, facts) };
}

/** Every refusal there is. Codes are stable: scripts and auditors rely on them. */
export const refusals = {
  'product-unknown': entry('unknown', 'there is no product {product}', 'List the products with `rollbook product list`.'),
  'catalogue-invalid': entry('invalid', 'the catalogue cannot be used: {problems}', 'Mend the named places and import it again.'),
  'catalogue-cycle': entry('invalid', 'the upgrade paths of {product} form a cycle: {cycle}', 'Remove one of these paths.'),
  'release-artifact-changed': entry(
    'conflict',
    'release {version} is published with other artifacts',
    'A published release never changes: publish a new version instead.',
  ),
  'release-unpublished': entry('conflict', 'release {version} is published already', 'Leave its dates as they were.'),
  'runbook-digest-mismatch': entry('invalid', 'runbook {runbook} does not have the digest it is sent under', 'Send the runbook as it is.'),

  'node-unknown': entry('unknown', 'there is no node {node}', 'List the nodes with `rollbook node list`.'),
  'node-elsewhere': entry('conflict', 'node {node} belongs to site {site}', 'Register it under another name, or let its own site speak for it.'),
  'node-name-invalid': entry('invalid', '{node} is not a name for a node', 'Use lower-case letters, digits, dots and dashes, at most 63.'),
  'node-busy': entry('conflict', 'node {node} is in rollout {rollout}', 'Wait until that rollout has let go of it, or abort it.'),
  'node-in-procedure': entry('conflict', 'node {node} is in the procedure {procedure} ({id})', 'Wait until it has ended: `rollbook node history {node}`.'),
  'node-needs-care': entry('conflict', 'node {node} was left in an unknown state: {reason}', 'Mend the node; a healthy observation frees it.'),
  'node-version-unknown': entry('conflict', 'nobody has observed which version node {node} runs', 'Start its agent, which observes it.'),
  'node-version-changed': entry('conflict', 'node {node} runs {version}, the plan was made for {from}', 'Make a new plan.'),
  'node-not-upgraded': entry('conflict', 'rollout {rollout} has not upgraded node {node}', 'There is nothing to roll back.'),
  'review-unknown': entry('conflict', 'node {node} does not wait for a review of {order}', 'See what waits for a person with `rollbook node review`.'),
  'review-none': entry('unknown', 'node {node} has never waited for a review', 'See what waits for a person with `rollbook node review`.'),
  'review-expired': entry('conflict', 'the review at node {node} was to be decided by {decideBy}', 'Nothing: it counts as rejected.'),
  'procedure-unknown': entry('unknown', '{product} has no procedure {procedure}', 'Use one of: {known}.'),
  'procedure-without-version': entry('invalid', 'the procedure {procedure} has to be told a version', 'Say to which, as with --to v0.6.2.'),
  'procedure-version-fixed': entry('invalid', 'the procedure {procedure} always ends at {to}', 'Leave the version out.'),
  'downgrade-impossible': entry('conflict', 'there is no way back from {from} to {to}: {reason}', 'Choose another version; see them with `rollbook product show`.'),
  'order-unknown': entry('unknown', 'node {node} was never given the order {order}', 'Nothing: the report is kept as refused.'),
  'report-invalid': entry('invalid', 'the report cannot be read: {problem}', 'Mend the agent.'),

  'rollout-unknown': entry('unknown', 'there is no rollout {rollout}', 'List the rollouts with `rollbook rollout list`.'),
  'rollout-exists': entry('conflict', 'rollout {rollout} exists', 'Use another Idempotency-Key for another plan.'),
  'rollout-not-planned': entry('conflict', 'rollout {rollout} is {state}', 'Only a planned rollout can be started.'),
  'rollout-not-running': entry('conflict', 'rollout {rollout} is {state}', 'Only a running rollout can be paused.'),
  'rollout-not-paused': entry('conflict', 'rollout {rollout} is {state}', 'Only a paused rollout can be resumed.'),
  'rollout-ended': entry('conflict', 'rollout {rollout} has ended as {state}', 'Look at it with `rollbook rollout status`.'),
  'rollout-not-ended': entry('conflict', 'rollout {rollout} is {state}', 'Abort it first, or wait for its end; then roll it back.'),
  'nothing-to-roll-back': entry('conflict', 'no node of rollout {rollout} runs what it brought', 'There is nothing to roll back.'),
  'plan-expired': entry('conflict', 'the plan of rollout {rollout} was to be started by {startBy}', 'Make a new plan.'),
  'plan-changed': entry('stale', 'the plan has the digest {digest}', 'Read the plan again and start it with its digest.'),

  'version-unknown': entry('invalid', '{product} has no release {version}', 'See its releases with `rollbook product show {product}`.'),
  'version-invalid': entry('invalid', '{version} is not a version', 'Write it like v0.7.0.'),
  'release-not-published': entry('conflict', 'release {version} is only scheduled for {scheduled}', 'Choose a published release.'),
  'release-without-artifact': entry('conflict', 'release {version} has no artifact to install', 'Add its artifact to the catalogue.'),
  'no-upgrade-path': entry('conflict', 'there is no upgrade path from {from} to {to} for {nodes}', 'See the paths with `rollbook product show`; {hint}.'),
  'method-unknown': entry('invalid', '{product} has no method {method}', 'Use one of its methods: {known}.'),
  'method-unfit': entry('conflict', 'method {method} is for nodes with {when}, and {node} is none', 'Choose another method or other nodes, or leave the method out.'),
  'method-unused': entry('conflict', 'the way from {from} to {to} leaves no choice of a method, as {method}', 'Leave the method out.'),
  'method-none': entry('conflict', 'no method of the catalogue suits node {node}', 'Give the node a label or a fact that a method asks for, or add a method to the catalogue.'),
  'nodes-none': entry('invalid', 'the selector {selector} matches no node', 'List the nodes with `rollbook node list`.'),
  'selector-invalid': entry('invalid', 'the selector cannot be read: {problem}', 'Use all, names, name*, site=S, version=V or label.NAME=VALUE, separated by commas.'),
  'node-listed-twice': entry('invalid', 'the plan lists {node} more than once', 'List each node once.'),
  'node-other-product': entry('invalid', 'node {node} runs {product}', 'Plan a rollout of one product at a time.'),
  'nodes-already-there': entry('conflict', 'all chosen nodes run {version} already', 'Choose other nodes, or another version.'),
  'strategy-invalid': entry('invalid', '{field} must be {allowed}', 'Mend the strategy.'),
  'runbook-unknown': entry('invalid', 'the path to {to} names the runbook {runbook}, which the catalogue does not hold', 'Add the runbook to the catalogue.'),
  'parameter-unknown': entry('invalid', 'runbook {runbook} asks for the parameter {parameter}, which a plan does not have', 'Use: {known}.'),

  'agent-key-invalid': entry('invalid', 'the public key of agent {agent} cannot be read', 'Send an Ed25519 public key as PEM.'),
  'agent-key-differs': entry('conflict', 'agent {agent} of site {site} has enrolled another key', 'Retire it first, or give the agent back its state directory.'),
  'agent-unknown': entry('unknown', 'site {site} has no agent {agent}', 'Enrol the agent first.'),
  'reason-missing': entry('invalid', 'a reason is asked for', 'Say why, in a few words.'),
} satisfies Record<string, Entry>;

export type RefusalCode = keyof typeof refusals;

/** The facts that a refusal must be given: those that its texts name, and any other. */
export type FactsOf<Code extends RefusalCode> = Facts & { [Name in (typeof refusals)[Code]['names'][number]]: Json };

export function describeRefusal(refusal: Refusal): { kind: RefusalKind; says: string; next: string } {
  const { kind, says, next } = refusals[refusal.code];
  return { kind, says: says(refusal.facts), next: filled(next, refusal.facts) };
}
