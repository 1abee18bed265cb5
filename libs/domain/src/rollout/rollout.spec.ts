import { clock, given, planOf } from '../../../../test/support/given.js';
import { rolloutDecider } from './rollout.decide.js';
import type { RolloutCommand } from './rollout.decide.js';
import { evolveRollout, noRollout, rolloutWord } from './rollout.js';
import type { Outcome, RolloutEvent } from './rollout.js';

const rollout = 'r-1';
const { plan, digest } = planOf(['n-1', 'n-2', 'n-3'], { strategy: { maxUnavailable: 1, failureLimit: 0 } });
const [first, second, third] = plan.targets.map((target) => target.node) as [string, string, string];

const decide = (events: RolloutEvent[], command: RolloutCommand) => given(rolloutDecider, events).when(command);
const settled = (node: string, outcome: Outcome): RolloutEvent => ({ type: 'rollout.node-settled', data: { rollout, node, outcome, result: null, reason: null } });
const admitted = (...nodes: string[]): RolloutEvent => ({ type: 'rollout.nodes-admitted', data: { rollout, nodes } });
const recalled = (...nodes: string[]): RolloutEvent => ({ type: 'rollout.nodes-recalled', data: { rollout, nodes } });
const stopped = (reason: 'failure-limit' | 'no-node-to-spare'): RolloutEvent => ({ type: 'rollout.stopped', data: { rollout, reason } });
const completed = (state: 'succeeded' | 'aborted' | 'failed' | 'rolled-back' | 'rollback-failed'): RolloutEvent => ({ type: 'rollout.completed', data: { rollout, state } });

const planned = given(rolloutDecider).when({ type: 'plan-rollout', plan, digest, alreadyThere: 2 }).decided as unknown as { events: RolloutEvent[] };
const started: RolloutEvent = { type: 'rollout.started', data: { rollout, digest } };
const paused: RolloutEvent = { type: 'rollout.paused', data: { rollout, reason: 'lunch', resumeBy: clock(60), otherwise: 'abort' } };
const aborted: RolloutEvent = { type: 'rollout.aborted', data: { rollout, reason: 'enough' } };

/** A stream for each place that a rollout can stand at, with its first node under way where nodes may be. */
const streams = {
  none: [],
  planned: planned.events,
  running: [...planned.events, started, admitted(first)],
  paused: [...planned.events, started, admitted(first), paused],
  failing: [...planned.events, started, admitted(first), settled(first, 'failed'), stopped('failure-limit')],
  aborting: [...planned.events, started, admitted(first), aborted],
  'rolling-back': [
    ...planned.events, started, admitted(first), settled(first, 'verified'), aborted, completed('aborted'),
    { type: 'rollout.rollback-asked', data: { rollout, reason: 'worse', scope: null } }, recalled(first),
  ],
  succeeded: [
    ...planned.events, started, ...[first, second, third].flatMap((node) => [admitted(node), settled(node, 'verified')]), completed('succeeded'),
  ],
  aborted: [...planned.events, aborted, completed('aborted')],
  expired: [...planned.events, { type: 'rollout.expired', data: { rollout, wait: 'start', deadline: plan.startBy } }],
} satisfies { [word: string]: RolloutEvent[] };
type Standing = keyof typeof streams;

const wishes = {
  plan: { type: 'plan-rollout', plan, digest, alreadyThere: 0 },
  start: { type: 'start-rollout', rollout, digest: null, at: clock(5) },
  pause: { type: 'pause-rollout', rollout, reason: 'lunch', at: clock(5) },
  resume: { type: 'resume-rollout', rollout },
  abort: { type: 'abort-rollout', rollout, reason: 'enough' },
  'roll-back': { type: 'roll-back-rollout', rollout, reason: 'worse', scope: null },
  'expire-start': { type: 'expire-wait', rollout, wait: 'start', at: '2027-01-01T00:00:00.000Z' },
  'expire-resume': { type: 'expire-wait', rollout, wait: 'resume', at: '2027-01-01T00:00:00.000Z' },
  settle: { type: 'settle-node', rollout, node: first, outcome: 'verified', result: 'verified', reason: null },
  advance: { type: 'advance-rollout', rollout, at: clock(5) },
} satisfies { [wish: string]: RolloutCommand };
type Wish = keyof typeof wishes;

/** What each wish comes to at each place: the event that it makes, the refusal, or nothing (-). */
const table: { [at in Standing]: { [wish in Wish]: string } } = {
  none: {
    plan: 'planned', start: 'rollout-unknown', pause: 'rollout-unknown', resume: 'rollout-unknown', abort: 'rollout-unknown',
    'roll-back': 'rollout-unknown', 'expire-start': 'rollout-unknown', 'expire-resume': 'rollout-unknown', settle: 'rollout-unknown',
    advance: 'rollout-unknown',
  },
  planned: {
    plan: 'rollout-exists', start: 'started', pause: 'rollout-not-running', resume: 'rollout-not-paused', abort: 'aborted',
    'roll-back': 'rollout-not-ended', 'expire-start': 'expired', 'expire-resume': '-', settle: '-', advance: '-',
  },
  running: {
    plan: 'rollout-exists', start: 'rollout-not-planned', pause: 'paused', resume: 'rollout-not-paused', abort: 'aborted',
    'roll-back': 'rollout-not-ended', 'expire-start': '-', 'expire-resume': '-', settle: 'node-settled', advance: '-',
  },
  paused: {
    plan: 'rollout-exists', start: 'rollout-not-planned', pause: 'rollout-not-running', resume: 'resumed', abort: 'aborted',
    'roll-back': 'rollout-not-ended', 'expire-start': '-', 'expire-resume': 'expired', settle: 'node-settled', advance: '-',
  },
  failing: {
    plan: 'rollout-exists', start: 'rollout-not-planned', pause: 'rollout-not-running', resume: 'rollout-not-paused', abort: 'aborted',
    'roll-back': 'rollout-not-ended', 'expire-start': '-', 'expire-resume': '-', settle: '-', advance: 'completed failed',
  },
  aborting: {
    plan: 'rollout-exists', start: 'rollout-not-planned', pause: 'rollout-not-running', resume: 'rollout-not-paused', abort: '-',
    'roll-back': 'rollout-not-ended', 'expire-start': '-', 'expire-resume': '-', settle: 'node-settled', advance: '-',
  },
  'rolling-back': {
    plan: 'rollout-exists', start: 'rollout-not-planned', pause: 'rollout-not-running', resume: 'rollout-not-paused',
    abort: 'rollout-not-running', 'roll-back': 'rollout-not-ended', 'expire-start': '-', 'expire-resume': '-', settle: 'node-settled',
    advance: '-',
  },
  succeeded: {
    plan: 'rollout-exists', start: 'rollout-not-planned', pause: 'rollout-not-running', resume: 'rollout-not-paused', abort: 'rollout-ended',
    'roll-back': 'rollback-asked', 'expire-start': '-', 'expire-resume': '-', settle: '-', advance: '-',
  },
  aborted: {
    plan: 'rollout-exists', start: 'rollout-not-planned', pause: 'rollout-not-running', resume: 'rollout-not-paused', abort: 'rollout-ended',
    'roll-back': 'nothing-to-roll-back', 'expire-start': '-', 'expire-resume': '-', settle: '-', advance: '-',
  },
  expired: {
    plan: 'rollout-exists', start: 'rollout-not-planned', pause: 'rollout-not-running', resume: 'rollout-not-paused', abort: 'rollout-ended',
    'roll-back': 'nothing-to-roll-back', 'expire-start': '-', 'expire-resume': '-', settle: '-', advance: '-',
  },
};

function outcome(at: Standing, wish: Wish): string {
  const { decided } = decide(streams[at], wishes[wish]);
  if ('refusal' in decided) return decided.refusal.code;
  const [event] = decided.events;
  if (!event) return '-';
  const word = event.type.replace('rollout.', '');
  return event.type === 'rollout.completed' ? `${word} ${event.data.state}` : word;
}

describe.each(Object.keys(table) as Standing[])('a rollout that is %s', (at) => {
  it.each(Object.entries(table[at]) as [Wish, string][])('asked to %s: %s', (wish, expected) => {
    expect(outcome(at, wish)).toBe(expected);
  });

  it('refuses with the word that people know it by', () => {
    const { state } = given(rolloutDecider, streams[at]);
    for (const wish of Object.keys(wishes) as Wish[]) {
      const { decided } = decide(streams[at], wishes[wish]);
      if ('refusal' in decided && 'state' in decided.refusal.facts) {
        expect(decided.refusal.facts).toEqual({ rollout, state: state.status !== 'none' && rolloutWord(state) });
      }
    }
  });
});

describe('planning', () => {
  it('records the plan in parts: its head, each route, and the nodes with the version they start from', () => {
    const { routes, targets, ...head } = plan;
    expect(planned.events).toEqual([
      { type: 'rollout.planned', data: { ...head, digest, nodes: 3, alreadyThere: 2 } },
      { type: 'rollout.route-laid', data: { rollout, route: routes[0] } },
      { type: 'rollout.targets-listed', data: { rollout, first: 1, targets: targets.map((target) => ({ ...target, from: 'v0.6.0' })) } },
    ]);
  });

  it('refuses a strategy that cannot be', () => {
    const wrong = { ...plan, strategy: { ...plan.strategy, maxUnavailable: 0 } };
    decide([], { type: 'plan-rollout', plan: wrong, digest, alreadyThere: 0 }).refuses('strategy-invalid', {
      field: 'maxUnavailable', allowed: 'a whole number from 1 to 100000',
    });
  });
});

describe('starting', () => {
  const start = (rules: object): RolloutCommand => ({ type: 'start-rollout', rollout, digest: null, at: clock(5), ...rules });

  it('agrees to the plan by its digest, named or not', () => {
    decide(streams.planned, start({})).records(started);
    decide(streams.planned, start({ digest })).records(started);
  });

  it('refuses another plan than the one that was read', () => {
    decide(streams.planned, start({ digest: 'f'.repeat(64) })).refuses('plan-changed', { rollout, digest });
  });

  it('refuses a plan that has waited too long: from its deadline on', () => {
    decide(streams.planned, start({ at: '2026-01-23T08:59:59.999Z' })).records(started);
    decide(streams.planned, start({ at: plan.startBy })).refuses('plan-expired', { rollout, startBy: plan.startBy });
  });
});

describe('waits', () => {
  const expire = (wait: 'start' | 'resume', at: string): RolloutCommand => ({ type: 'expire-wait', rollout, wait, at });

  it('for the start end the plan, at the deadline and not before', () => {
    decide(streams.planned, expire('start', '2026-01-23T08:59:59.999Z')).staysQuiet();
    decide(streams.planned, expire('start', plan.startBy)).records({ type: 'rollout.expired', data: { rollout, wait: 'start', deadline: plan.startBy } });
    expect(given(rolloutDecider, streams.expired).state).toMatchObject({ status: 'ended', end: 'expired' });
  });

  it('for a pause to end abort the rollout, at the deadline that the pause was given', () => {
    decide(streams.running, { type: 'pause-rollout', rollout, reason: 'lunch', at: clock(5) }).records({
      type: 'rollout.paused', data: { rollout, reason: 'lunch', resumeBy: clock(65), otherwise: 'abort' },
    });
    decide(streams.paused, expire('resume', '2026-01-16T09:59:59.999Z')).staysQuiet();
    const expired: RolloutEvent = { type: 'rollout.expired', data: { rollout, wait: 'resume', deadline: clock(60) } };
    decide(streams.paused, expire('resume', clock(60))).records(expired);
    expect(given(rolloutDecider, [...streams.paused, expired]).state).toMatchObject({ status: 'stopping', stop: 'aborted', resumeBy: null });
  });

  it('of a pause that is over are over', () => {
    decide([...streams.paused, { type: 'rollout.resumed', data: { rollout } }], expire('resume', clock(90))).staysQuiet();
    decide([...streams.paused, aborted], expire('resume', clock(90))).staysQuiet();
  });
});

describe('settling', () => {
  const settle = (node: string): RolloutCommand => ({ type: 'settle-node', rollout, node, outcome: 'failed', result: 'commanded', reason: 'exit-code' });

  it('records how a node\'s part ended, also while the rollout pauses or stops', () => {
    const event: RolloutEvent = { type: 'rollout.node-settled', data: { rollout, node: first, outcome: 'failed', result: 'commanded', reason: 'exit-code' } };
    for (const at of ['running', 'paused', 'aborting', 'rolling-back'] as const) decide(streams[at], settle(first)).records(event);
  });

  it('is quiet for a node that has not begun, or has settled', () => {
    decide(streams.running, settle(second)).staysQuiet();
    decide([...streams.running, settled(first, 'verified')], settle(first)).staysQuiet();
  });

  it('is refused for a node that is not in the rollout', () => {
    decide(streams.running, settle('n-9')).refuses('node-not-upgraded', { rollout, node: 'n-9' });
  });

  it('counts once, though two writers recorded it', () => {
    const once = given(rolloutDecider, [...streams.running, settled(first, 'failed')]).state;
    expect(given(rolloutDecider, [...streams.running, settled(first, 'failed'), settled(first, 'verified')]).state).toEqual(once);
  });
});

it('holds no fact of a rollout before it was planned, and none of a node that is not in it', () => {
  expect(() => evolveRollout(noRollout, started)).toThrow('before the rollout was planned');
  expect(() => given(rolloutDecider, [...streams.planned, admitted('n-9')])).toThrow('n-9 is not in rollout r-1');
  expect(() => given(rolloutDecider, [...streams.planned, settled('n-9', 'failed')])).toThrow('n-9 is not in rollout r-1');
});
