import fc from 'fast-check';
import { Story, clock, planOf } from '../../../../test/support/given.js';
import { rolloutDecider } from './rollout.decide.js';
import type { RolloutCommand } from './rollout.decide.js';
import type { Outcome, RolloutEvent, RolloutState } from './rollout.js';
import type { RolloutStrategy, Wave } from './strategy.js';
import { intoWaves } from './waves.js';

const rollout = 'r-1';
const names = (count: number) => Array.from({ length: count }, (_, i) => `n-${i}`);

class WaveStory extends Story<RolloutCommand, RolloutState, RolloutEvent> {
  readonly order: string[];

  constructor(nodes: number, strategy: Partial<RolloutStrategy>) {
    super(rolloutDecider);
    const made = planOf(names(nodes), { strategy });
    this.order = made.plan.targets.map((target) => target.node);
    this.does({ type: 'plan-rollout', ...made, alreadyThere: 0 });
    this.does({ type: 'start-rollout', rollout, digest: null, at: clock(0) });
  }

  /** What follows, until it has to wait. */
  advance(): string[] {
    const all: RolloutEvent[] = [];
    for (let more = this.does({ type: 'advance-rollout', rollout, at: clock(0) }); more.length > 0; more = this.does({ type: 'advance-rollout', rollout, at: clock(0) })) all.push(...more);
    return all.map((event) => this.told(event));
  }

  settle(outcome: Outcome, turns: number[], reason: string | null = null): string[] {
    for (const turn of turns) this.does({ type: 'settle-node', rollout, node: this.order[turn - 1]!, outcome, result: null, reason });
    return this.advance();
  }

  takeBack(scope: { wave: number } | { nodes: string[] } | null): string[] {
    this.does({ type: 'roll-back-rollout', rollout, reason: 'worse', scope });
    return this.advance();
  }

  private told(event: RolloutEvent): string {
    const word = event.type.replace('rollout.', '');
    if (event.type === 'rollout.nodes-admitted' || event.type === 'rollout.nodes-recalled') return `${word} ${event.data.nodes.map((node) => this.order.indexOf(node) + 1).join()}`;
    if (event.type === 'rollout.wave-passed') return `${word} ${event.data.wave}`;
    if (event.type === 'rollout.stopped') return `${word} ${event.data.reason}`;
    return event.type === 'rollout.completed' ? `${word} ${event.data.state}` : word;
  }
}

describe('a plan in waves', () => {
  const waves = (wanted: Wave[], count = 10) => {
    const made = intoWaves(wanted, names(count));
    return 'waves' in made ? made.waves.map((wave) => wave.length) : made.refusal.code;
  };

  it.each<[string, Wave[], number[]]>([
    ['of a size, a percentage of all, and the rest', [{ size: 1 }, { percent: 25 }], [1, 3, 6]],
    ['that name more than there is takes what there is', [{ size: 8 }, { size: 8 }, { size: 8 }], [8, 2]],
    ['of a percentage below one node takes one', [{ percent: 0.1 }], [1, 9]],
    ['of all in one', [{ percent: 100 }], [10]],
    ['without any is one wave', [], [10]],
    ['with named nodes keeps them out of the others', [{ nodes: ['n-3', 'n-7'] }, { size: 5 }], [2, 5, 3]],
  ])('%s', (_, wanted, sizes) => expect(waves(wanted)).toEqual(sizes));

  it('refuses a name that was not chosen', () => expect(waves([{ nodes: ['n-99'] }])).toBe('wave-node-not-chosen'));

  it('puts every node into exactly one wave, named ones where they are named', () => {
    const wave = fc.oneof(fc.record({ size: fc.integer({ min: 1, max: 9 }) }), fc.record({ percent: fc.integer({ min: 1, max: 100 }) }), fc.record({ nodes: fc.uniqueArray(fc.constantFrom(...names(20)), { minLength: 1, maxLength: 3 }) }));
    fc.assert(fc.property(fc.array(wave, { maxLength: 6 }), fc.integer({ min: 1, max: 40 }), (wanted, count) => {
      const nodes = names(count);
      const made = intoWaves(wanted, nodes);
      if (!('waves' in made)) return;
      expect(made.waves.flat().sort()).toEqual([...nodes].sort());
      expect(made.waves.every((one) => one.length > 0)).toBe(true);
    }));
  });

  it('lists its nodes wave by wave, in an order that nobody chose within each', () => {
    const { plan } = planOf(names(10), { strategy: { waves: [{ nodes: ['n-9', 'n-4'] }, { percent: 30 }] } });
    expect(plan.targets.map((target) => target.wave)).toEqual([1, 1, 2, 2, 2, 3, 3, 3, 3, 3]);
    expect(plan.targets.slice(0, 2).map((target) => target.node).sort()).toEqual(['n-4', 'n-9']);
  });
});

describe('a rollout in waves', () => {
  it('begins a wave when the one before has wholly ended', () => {
    const story = new WaveStory(6, { maxUnavailable: 4, waves: [{ size: 1 }, { size: 2 }] });
    expect(story.advance()).toEqual(['nodes-admitted 1']);
    expect(story.settle('verified', [1])).toEqual(['wave-passed 1', 'nodes-admitted 2,3']);
    expect(story.settle('verified', [2])).toEqual([]);
    expect(story.settle('verified', [3])).toEqual(['wave-passed 2', 'nodes-admitted 4,5,6']);
    expect(story.settle('verified', [4, 5, 6])).toEqual(['wave-passed 3', 'completed succeeded']);
  });

  it('takes no more of a wave than may be in flight', () => {
    const story = new WaveStory(5, { maxUnavailable: 2, waves: [{ size: 4 }] });
    expect(story.advance()).toEqual(['nodes-admitted 1,2']);
    expect(story.settle('verified', [1])).toEqual(['nodes-admitted 3']);
    expect(story.settle('verified', [2, 3])).toEqual(['nodes-admitted 4']);
  });

  it('stops at once when more of a wave fail than may', () => {
    const story = new WaveStory(10, { maxUnavailable: 10, failureLimit: 9, errorPercent: 25, waves: [{ size: 4 }] });
    story.advance();
    expect(story.settle('rolled-back', [1])).toEqual([]);
    expect(story.settle('failed', [2])).toEqual(['stopped error-threshold']);
  });

  it('stops after a wave of which too few were measured at the new version: a skipped node is not one', () => {
    const story = new WaveStory(10, { maxUnavailable: 10, successPercent: 75, waves: [{ size: 4 }] });
    story.advance();
    story.settle('verified', [1, 2]);
    expect(story.settle('skipped', [3, 4])).toEqual(['stopped success-threshold', 'completed failed']);
    const enough = new WaveStory(10, { maxUnavailable: 10, successPercent: 75, waves: [{ size: 4 }] });
    enough.advance();
    enough.settle('verified', [1, 2, 3]);
    expect(enough.settle('skipped', [4])).toEqual(['wave-passed 1', 'nodes-admitted 5,6,7,8,9,10']);
  });

  it.each(['no-acceptance', 'no-report'])('stops when more nodes vanish than may: %s is silence', (reason) => {
    const story = new WaveStory(6, { maxUnavailable: 6, failureLimit: 5, missingLimit: 0 });
    story.advance();
    expect(story.settle('failed', [1], 'exit-code')).toEqual([]);
    expect(story.settle('failed', [2], reason)).toEqual(['stopped nodes-missing']);
  });
});

describe('taking back', () => {
  const done = (waves: Wave[] = [{ size: 2 }, { size: 2 }]) => {
    const story = new WaveStory(6, { maxUnavailable: 6, waves });
    for (const turns of [[], [1, 2], [3, 4], [5, 6]]) story.settle('verified', turns);
    return story;
  };

  it('goes wave by wave from the last, however many may be away', () => {
    const story = done();
    expect(story.takeBack(null)).toEqual(['nodes-recalled 6,5']);
    expect(story.settle('rolled-back', [6])).toEqual([]);
    expect(story.settle('rolled-back', [5])).toEqual(['nodes-recalled 4,3']);
    expect(story.settle('rolled-back', [3, 4])).toEqual(['nodes-recalled 2,1']);
    expect(story.settle('rolled-back', [1, 2])).toEqual(['completed rolled-back']);
  });

  it('of one wave leaves the others, and another can follow', () => {
    const story = done();
    expect(story.takeBack({ wave: 2 })).toEqual(['nodes-recalled 4,3']);
    expect(story.settle('rolled-back', [3, 4])).toEqual(['completed partial']);
    expect(story.takeBack({ wave: 1 })).toEqual(['nodes-recalled 2,1']);
    expect(story.settle('rolled-back', [1, 2])).toEqual(['completed partial']);
    expect(story.takeBack(null)).toEqual(['nodes-recalled 6,5']);
    expect(story.settle('rolled-back', [5, 6])).toEqual(['completed rolled-back']);
  });

  it('of some nodes takes these alone, and refuses those that it has not upgraded', () => {
    const story = done();
    const nodes = [story.order[0]!, story.order[4]!];
    expect(story.takeBack({ nodes })).toEqual(['nodes-recalled 5']);
    expect(story.settle('rolled-back', [5])).toEqual(['nodes-recalled 1']);
    expect(story.settle('rolled-back', [1])).toEqual(['completed partial']);
    expect(story.tell({ type: 'roll-back-rollout', rollout, reason: 'worse', scope: { nodes } })).toEqual({ refusal: { code: 'node-not-upgraded', facts: { rollout, node: nodes[0] } } });
    expect(story.tell({ type: 'roll-back-rollout', rollout, reason: 'worse', scope: { wave: 9 } })).toEqual({ refusal: { code: 'wave-unknown', facts: { rollout, wave: 9 } } });
  });

  it('of a part does not fail for a node astray that it leaves alone', () => {
    const story = new WaveStory(4, { maxUnavailable: 4, failureLimit: 4, waves: [{ size: 2 }] });
    story.settle('verified', []);
    story.settle('astray', [1]);
    story.settle('verified', [2]);
    story.settle('verified', [3, 4]);
    expect(story.takeBack({ wave: 2 })).toEqual(['nodes-recalled 4,3']);
    expect(story.settle('rolled-back', [3, 4])).toEqual(['completed partial']);
  });
});
