import { canonicalJson } from '#proof';
import { Story, clock, planOf, strategy } from '../../../../test/support/given.js';
import { rolloutDecider } from './rollout.decide.js';
import type { RolloutCommand } from './rollout.decide.js';
import type { Outcome, RolloutEvent, RolloutState } from './rollout.js';
import type { Plan } from './plan.js';
import type { RolloutStrategy } from './strategy.js';

const rollout = 'r-1';

class RolloutStory extends Story<RolloutCommand, RolloutState, RolloutEvent> {
  readonly order: string[];

  constructor(made: { plan: Plan; digest: string }) {
    super(rolloutDecider);
    this.order = made.plan.targets.map((target) => target.node);
    this.does({ type: 'plan-rollout', ...made, alreadyThere: 0 });
    this.does({ type: 'start-rollout', rollout, digest: null, at: clock(0) });
  }

  advance(): RolloutEvent[] {
    return this.does({ type: 'advance-rollout', rollout, at: clock(0) });
  }

  /** Lets the nodes at these turns (from 1) end in some way, and goes on. */
  settle(outcome: Outcome, ...turns: number[]): RolloutEvent[] {
    for (const turn of turns) this.does({ type: 'settle-node', rollout, node: this.order[turn - 1]!, outcome, result: null, reason: null });
    return this.advance();
  }

  takeBack(): RolloutEvent[] {
    this.does({ type: 'roll-back-rollout', rollout, reason: 'worse', scope: null });
    return this.advance();
  }
}

function rolling(nodes: number, rules: Partial<RolloutStrategy>): RolloutStory {
  return new RolloutStory(planOf(Array.from({ length: nodes }, (_, i) => `n-${i}`), { strategy: rules }));
}

/** What was decided, with nodes by their turn in the plan. */
const told = (story: RolloutStory, events: RolloutEvent[]) => events.map((event) => {
  const word = event.type.replace('rollout.', '');
  if (event.type === 'rollout.stopped') return `${word} ${event.data.reason}`;
  if (event.type === 'rollout.completed') return `${word} ${event.data.state}`;
  return 'nodes' in event.data && Array.isArray(event.data.nodes) ? `${word} ${event.data.nodes.map((node) => story.order.indexOf(node) + 1).join()}` : word;
});

describe('admission', () => {
  it('takes as many nodes as may be away, and the next ones as places come free', () => {
    const story = rolling(5, { maxUnavailable: 2 });
    expect(told(story, story.advance())).toEqual(['nodes-admitted 1,2']);
    expect(story.advance()).toEqual([]);
    expect(told(story, story.settle('verified', 2))).toEqual(['nodes-admitted 3']);
    expect(told(story, story.settle('verified', 1, 3))).toEqual(['nodes-admitted 4,5']);
    expect(story.settle('verified', 4)).toEqual([]);
    expect(told(story, story.settle('verified', 5))).toEqual(['completed succeeded']);
    expect(story.advance()).toEqual([]);
  });

  it('gives no place that a node astray still takes', () => {
    const story = rolling(5, { maxUnavailable: 2, failureLimit: 5 });
    story.advance();
    expect(story.settle('astray', 1)).toEqual([]);
    expect(told(story, story.settle('verified', 2))).toEqual(['nodes-admitted 3']);
    expect(told(story, story.settle('astray', 3))).toEqual(['stopped no-node-to-spare']);
    expect(told(story, story.advance())).toEqual(['completed failed']);
  });

  it('waits while the rollout is paused, and lets what is under way end', () => {
    const story = rolling(3, { maxUnavailable: 1 });
    story.advance();
    story.does({ type: 'pause-rollout', rollout, reason: 'lunch', at: clock(1) });
    expect(story.settle('verified', 1)).toEqual([]);
    story.does({ type: 'resume-rollout', rollout });
    expect(told(story, story.advance())).toEqual(['nodes-admitted 2']);
  });
});

describe('the failure limit', () => {
  it.each<Outcome>(['failed', 'rolled-back', 'astray'])('counts nodes that ended as %s, and stops beyond it', (outcome) => {
    const story = rolling(6, { maxUnavailable: 4, failureLimit: 1 });
    story.advance();
    expect(told(story, story.settle(outcome, 1)).join()).not.toContain('stopped');
    expect(told(story, story.settle(outcome, 2))).toEqual(['stopped failure-limit']);
    expect(story.advance()).toEqual([]);
    expect(story.settle('verified', 3)).toEqual([]);
    story.settle('verified', 5);
    expect(told(story, story.settle('verified', 4)).at(-1)).toBe('completed failed');
  });

  it('of none stops at the first failure', () => {
    const story = rolling(3, { maxUnavailable: 1, failureLimit: 0 });
    story.advance();
    expect(told(story, story.settle('failed', 1))).toEqual(['stopped failure-limit']);
  });

  it('stops after a pause for what failed during it', () => {
    const story = rolling(4, { maxUnavailable: 2, failureLimit: 0 });
    story.advance();
    story.does({ type: 'pause-rollout', rollout, reason: 'lunch', at: clock(1) });
    story.settle('failed', 1);
    story.does({ type: 'resume-rollout', rollout });
    expect(told(story, story.advance())).toEqual(['stopped failure-limit']);
  });

  it('does not count a node that was skipped, though the rollout did not succeed on it', () => {
    const story = rolling(2, { maxUnavailable: 1, failureLimit: 0 });
    story.advance();
    expect(told(story, story.settle('skipped', 1))).toEqual(['nodes-admitted 2']);
    expect(told(story, story.settle('verified', 2))).toEqual(['completed partial']);
  });

  it('that was not reached leaves a rollout that succeeded in part', () => {
    const story = rolling(2, { maxUnavailable: 2, failureLimit: 1 });
    story.advance();
    story.settle('failed', 1);
    expect(told(story, story.settle('verified', 2))).toEqual(['completed partial']);
  });
});

describe('an aborted rollout', () => {
  it('ends once the nodes under way have', () => {
    const story = rolling(4, { maxUnavailable: 2 });
    story.advance();
    story.does({ type: 'abort-rollout', rollout, reason: 'enough' });
    expect(story.advance()).toEqual([]);
    expect(story.settle('rolled-back', 1)).toEqual([]);
    expect(told(story, story.settle('failed', 2))).toEqual(['completed aborted']);
  });

  it('is aborted also when it was stopping by itself', () => {
    const story = rolling(3, { maxUnavailable: 2, failureLimit: 0 });
    story.advance();
    story.settle('failed', 1);
    story.does({ type: 'abort-rollout', rollout, reason: 'enough' });
    expect(told(story, story.settle('verified', 2))).toEqual(['completed aborted']);
  });
});

describe('a rollout that is taken back', () => {
  function ended(...outcomes: Outcome[]): RolloutStory {
    const story = rolling(outcomes.length, { maxUnavailable: 2, failureLimit: 9 });
    story.advance();
    for (const [i, outcome] of outcomes.entries()) story.settle(outcome, i + 1);
    return story;
  }

  it('recalls from last to first, as many as may be away, and only what can be taken back', () => {
    const story = ended('verified', 'failed', 'verified', 'skipped', 'astray', 'verified', 'rolled-back');
    expect(told(story, story.takeBack())).toEqual(['nodes-recalled 6,5']);
    expect(story.advance()).toEqual([]);
    expect(told(story, story.settle('rolled-back', 5))).toEqual(['nodes-recalled 3']);
    expect(told(story, story.settle('rolled-back', 6, 3))).toEqual(['nodes-recalled 1']);
    expect(told(story, story.settle('rolled-back', 1))).toEqual(['completed rolled-back']);
    expect(story.tell({ type: 'roll-back-rollout', rollout, reason: 'worse', scope: null })).toEqual({ refusal: { code: 'nothing-to-roll-back', facts: { rollout } } });
  });

  it('with a node that does not come back has failed, and can be taken back again', () => {
    const story = ended('verified', 'verified');
    story.takeBack();
    expect(told(story, story.settle('astray', 2))).toEqual([]);
    expect(told(story, story.settle('rolled-back', 1))).toEqual(['completed rollback-failed']);
    expect(told(story, story.takeBack())).toEqual(['nodes-recalled 2']);
    expect(told(story, story.settle('rolled-back', 2))).toEqual(['completed rolled-back']);
  });
});

describe('ten thousand nodes', () => {
  // Names and versions as long as they may be: the widest events that there can be.
  const width = 10_000;
  const names = Array.from({ length: width }, (_, i) => `${i}`.padStart(6, '0').padStart(63, 'n'));
  const from = `v0.6.0-${'a'.repeat(57)}`;
  const small = planOf(['n-1']);
  const plan: Plan = {
    ...small.plan, strategy: { ...strategy, maxUnavailable: width, failureLimit: width }, targets: names.map((node) => ({ node, route: 0, wave: 1 })),
    routes: [{ ...small.plan.routes[0]!, from }],
  };
  const started = () => new RolloutStory({ plan, digest: small.digest });
  // What the envelope puts around an event: ids, actor, times, the ledger's stamp.
  const envelope = 1_024;

  const bytes = (event: RolloutEvent) => Buffer.byteLength(canonicalJson(event)) + envelope;
  const sizes = (events: RolloutEvent[]) => events.map((event) => ('nodes' in event.data && Array.isArray(event.data.nodes) ? event.data.nodes.length : 0));

  it('are listed in events that an envelope holds', () => {
    const story = started();
    const listed = story.events.filter((event) => event.type === 'rollout.targets-listed');
    expect(listed.flatMap((event) => event.data.targets.map((target) => target.node))).toEqual(names);
    expect(Math.max(...story.events.map(bytes))).toBeLessThan(65_536);
    expect(story.events.length).toBeLessThan(1_000);
  });

  it('are admitted by five hundred, in events that an envelope holds', () => {
    const story = started();
    const admitted = story.advance();
    expect(sizes(admitted)).toEqual(Array.from({ length: 20 }, () => 500));
    expect(admitted.flatMap((event) => (event.type === 'rollout.nodes-admitted' ? event.data.nodes : []))).toEqual(names);
    expect(Math.max(...admitted.map(bytes))).toBeLessThan(65_536);
    expect(story.advance()).toEqual([]);
  });

  it('settle one by one, and are recalled by five hundred from last to first', () => {
    const story = started();
    story.advance();
    for (const node of names) story.does({ type: 'settle-node', rollout, node, outcome: 'verified', result: 'verified', reason: null });
    expect(told(story, story.advance())).toEqual(['completed succeeded']);
    const recalled = story.takeBack();
    expect(sizes(recalled)).toEqual(Array.from({ length: 20 }, () => 500));
    expect(recalled.flatMap((event) => (event.type === 'rollout.nodes-recalled' ? event.data.nodes : []))).toEqual(names.toReversed());
    expect(Math.max(...recalled.map(bytes))).toBeLessThan(65_536);
  });
});
