import { refuse } from './decision.js';
import { describeRefusal, refusals } from './refusals.js';
import type { Facts, RefusalCode } from './refusals.js';

const codes = Object.keys(refusals) as RefusalCode[];

/** A value for each fact that a code's texts name, which can be found again in them. */
function factsFor(code: RefusalCode): Facts {
  return Object.fromEntries(refusals[code].names.map((name) => [name, `<${name}>`]));
}

const told = (code: RefusalCode, facts: Facts) => describeRefusal({ code, facts });

it.each(codes)('%s says why and what to do next, with the facts that it names', (code) => {
  const { kind, says, next } = told(code, factsFor(code));
  expect(['invalid', 'unknown', 'conflict', 'stale', 'forbidden']).toContain(kind);
  const text = `${says} ${next}`;
  for (const name of refusals[code].names) expect(text).toContain(`<${name}>`);
  expect(text).not.toMatch(/[{}]|undefined|null/);
  expect(says).toMatch(/^[^.]{10,}$/s);
  expect(next).toMatch(/^[A-Z`].{5,}\.$/);
});

it('is shown where a fact is missing: its text has a hole', () => {
  expect(told('node-unknown', {}).says).toBe('there is no node null');
  expect(told('node-unknown', { node: 'n-1' }).says).toBe('there is no node n-1');
});

it('lets the compiler ask for the facts that the texts name', () => {
  expect(refuse('node-busy', { node: 'n-1', rollout: 'r-1' }).refusal).toEqual({ code: 'node-busy', facts: { node: 'n-1', rollout: 'r-1' } });
  // @ts-expect-error its text names the rollout too
  refuse('node-busy', { node: 'n-1' });
  // @ts-expect-error the way on is told with a hint
  refuse('no-upgrade-path', { from: 'v1', to: 'v2', nodes: ['n-1'] });
  // @ts-expect-error there is no such refusal
  refuse('node-asleep', { node: 'n-1' });
});

it('writes lists with commas, other facts as JSON, and counts what is too much to read', () => {
  const parameters = { runbook: 'r', parameter: 'p', known: ['from', 'to'] };
  expect(told('parameter-unknown', parameters).next).toBe('Use: from, to.');
  expect(told('version-unknown', { product: 'orchat', version: 7 }).says).toBe('orchat has no release 7');
  const nodes = Array.from({ length: 10_000 }, (_, i) => `n-${i}`);
  const { says } = told('no-upgrade-path', { from: 'v1', to: 'v2', nodes, hint: 'h' });
  expect(says).toMatch(/ for n-0, n-1, .* n-19 and 9980 more$/);
  expect(told('no-upgrade-path', { from: 'v1', to: 'v2', nodes: nodes.slice(0, 20), hint: 'h' }).says).toMatch(/, n-19$/);
});

it('takes facts as they are: what looks like a place for another fact is none', () => {
  expect(told('agent-unknown', { site: '{agent} $1', agent: 'a' }).says).toBe('site {agent} $1 has no agent a');
});
