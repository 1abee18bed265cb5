import { isRefused } from '../kernel/decision.js';
import { digestOf } from '#proof';
import { Story, clock, planOf } from '../../../../test/support/given.js';
import { makeAmendment } from './amend.js';
import { rolloutDecider } from './rollout.decide.js';
import type { RolloutCommand } from './rollout.decide.js';
import type { Rollout, RolloutEvent, RolloutState } from './rollout.js';
import type { RolloutStrategy } from './strategy.js';

const rollout = 'r-1';

class AmendStory extends Story<RolloutCommand, RolloutState, RolloutEvent> {
  readonly order: string[];

  constructor(strategy: Partial<RolloutStrategy>) {
    super(rolloutDecider);
    const made = planOf(['n-1', 'n-2', 'n-3', 'n-4', 'n-5', 'n-6'], { strategy });
    this.order = made.plan.targets.map((target) => target.node);
    this.does({ type: 'plan-rollout', ...made, alreadyThere: 0 });
    this.does({ type: 'start-rollout', rollout, digest: null, at: clock(0) });
  }

  get rolled(): Rollout {
    if (this.state.status === 'none') throw new Error('it was planned');
    return this.state;
  }

  advance(): string[] {
    return this.does({ type: 'advance-rollout', rollout, at: clock(0) }).map((event) => ('nodes' in event.data && Array.isArray(event.data.nodes) ? `${event.type} ${event.data.nodes.join()}` : event.type));
  }

  settle(...turns: number[]): string[] {
    for (const turn of turns) this.does({ type: 'settle-node', rollout, node: this.order[turn - 1]!, outcome: 'verified', result: 'verified', reason: null });
    return this.advance();
  }

  amendment(strategy: Partial<RolloutStrategy>, nodes: string[] | null = null) {
    return makeAmendment({ strategy: { ...this.rolled.header.strategy, waves: [], ...strategy }, nodes }, this.rolled, digestOf);
  }

  amend(strategy: Partial<RolloutStrategy>, nodes: string[] | null = null): string[] {
    const made = this.amendment(strategy, nodes);
    if (isRefused(made)) throw new Error(made.refusal.code);
    return this.does({ type: 'amend-rollout', rollout, ...made, reason: 'slower' }).map((event) => event.type.replace('rollout.', ''));
  }
}

it('makes a new generation that names its parent, and goes on under it', () => {
  const story = new AmendStory({ maxUnavailable: 1, waves: [{ size: 3 }] });
  story.advance();
  const { digest: parent } = story.rolled;
  expect(story.amend({ maxUnavailable: 2, waves: [{ size: 2 }] })).toEqual(['amended', 'targets-listed']);
  expect(story.rolled.header).toMatchObject({ generation: 2, parent, strategy: { maxUnavailable: 2 } });
  expect(story.rolled.digest).not.toBe(parent);
  // The wave under way ended with what had begun; what waited is in waves of its own.
  expect(story.rolled.waves.map((wave) => wave.nodes)).toEqual([1, 2, 3]);
  expect(story.settle(1)).toEqual(['rollout.wave-passed']);
  expect(story.advance()).toEqual([`rollout.nodes-admitted ${story.order.slice(1, 3).join()}`]);
});

it('leaves out nodes that wait, and says which', () => {
  const story = new AmendStory({ maxUnavailable: 1 });
  story.advance();
  expect(story.amend({}, [story.order[2]!])).toEqual(['amended', 'nodes-left-out', 'targets-listed']);
  expect([...story.rolled.members].map((member) => member.node)).toEqual([story.order[0], story.order[2]]);
  story.settle(1);
  story.advance();
  expect(story.settle(3)).toEqual(['rollout.wave-passed']);
  expect(story.advance()).toEqual(['rollout.completed']);
});

it('touches nothing that has begun', () => {
  const story = new AmendStory({ maxUnavailable: 2 });
  story.advance();
  expect(story.amendment({}, [story.order[0]!])).toEqual({ refusal: { code: 'node-not-waiting', facts: { rollout, node: story.order[0] } } });
  expect(story.amendment({ maxUnavailable: 0 })).toMatchObject({ refusal: { code: 'strategy-invalid' } });
});

it('is made again when a node was taken meanwhile', () => {
  const story = new AmendStory({ maxUnavailable: 1 });
  story.advance();
  const made = story.amendment({ maxUnavailable: 3 });
  if (isRefused(made)) throw new Error(made.refusal.code);
  story.settle(1);
  expect(story.tell({ type: 'amend-rollout', rollout, ...made, reason: 'late' })).toEqual({ refusal: { code: 'node-not-waiting', facts: { rollout, node: story.order[1] } } });
  expect(story.amend({ maxUnavailable: 3 })).toContain('amended');
  expect(story.tell({ type: 'amend-rollout', rollout, ...made, reason: 'again' })).toMatchObject({ refusal: { code: 'plan-changed' } });
});

it('is for rollouts that still have something to begin', () => {
  const story = new AmendStory({ maxUnavailable: 6 });
  story.advance();
  expect(story.amendment({})).toEqual({ refusal: { code: 'amend-nothing', facts: { rollout } } });
  story.does({ type: 'abort-rollout', rollout, reason: 'enough' });
  expect(story.amendment({})).toEqual({ refusal: { code: 'rollout-not-amendable', facts: { rollout, state: 'stopping' } } });
});
