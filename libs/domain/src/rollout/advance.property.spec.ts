import fc from 'fast-check';
import { canonicalJson } from '#proof';
import { Story, clock, planOf } from '../../../../test/support/given.js';
import { later } from '../kernel/time.js';
import { rolloutDecider } from './rollout.decide.js';
import type { RolloutCommand } from './rollout.decide.js';
import { evolveRollout, noRollout } from './rollout.js';
import type { Outcome, RolloutEvent, RolloutState } from './rollout.js';

const rollout = 'r-1';
const nameOf = (i: number) => `n-${i}`;
/** Plans are dear to make; the strategy is put into one. */
const plans = Array.from({ length: 13 }, (_, i) => (i === 0 ? undefined : planOf(Array.from({ length: i }, (_, n) => nameOf(n)))));

type Deed =
  | { do: 'settle'; which: number; outcome: Outcome }
  | { do: 'pause' | 'resume' | 'abort' | 'roll-back' | 'expire' | 'settle-any'; which: number };

const upgradeEnds = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Outcome>('verified') },
  { weight: 2, arbitrary: fc.constantFrom<Outcome>('failed', 'rolled-back', 'skipped', 'astray') },
);
const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('settle' as const), which: fc.nat(20), outcome: upgradeEnds }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('pause', 'resume', 'roll-back', 'settle-any'), which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('abort', 'expire'), which: fc.nat(20) }) },
);
const life = fc.record({
  nodes: fc.integer({ min: 1, max: 12 }), maxUnavailable: fc.integer({ min: 1, max: 5 }), failureLimit: fc.nat(3),
  deeds: fc.array(deed, { minLength: 5, maxLength: 50 }),
});
type Life = typeof life extends fc.Arbitrary<infer T> ? T : never;

function must(holds: boolean, says: string): void {
  if (!holds) throw new Error(says);
}

/** Watches a rollout's events one by one; knows nothing of the state that the rules keep. */
class Watch {
  readonly away = new Set<string>();
  readonly settled = new Map<string, Outcome>();
  private readonly recalled: string[] = [];
  private stopped = false;
  private backwards = false;

  constructor(
    private readonly order: readonly string[],
    private readonly rules: Pick<Life, 'maxUnavailable' | 'failureLimit'>,
  ) {}

  see(event: RolloutEvent): void {
    switch (event.type) {
      case 'rollout.nodes-admitted':
        return this.admits(event.data.nodes);
      case 'rollout.nodes-recalled':
        return this.recalls(event.data.nodes);
      case 'rollout.node-settled':
        must(this.away.delete(event.data.node), 'a node settles once, and only when it is under way');
        this.settled.set(event.data.node, event.data.outcome);
        return;
      case 'rollout.stopped':
      case 'rollout.aborted':
      case 'rollout.expired':
        this.stopped = true;
        return;
      case 'rollout.rollback-asked':
        must(this.away.size === 0, 'a rollback begins when all is quiet');
        this.backwards = true;
        this.recalled.length = 0;
        return;
      case 'rollout.completed':
        return this.completes(event.data.state);
      default:
    }
  }

  get failures(): number {
    return this.count('failed') + this.count('rolled-back') + this.count('astray');
  }

  private admits(nodes: string[]): void {
    must(!this.stopped && !this.backwards, 'nothing is admitted once the rollout stops');
    must(this.failures <= this.rules.failureLimit, 'nothing is admitted beyond the failure limit');
    const begun = this.settled.size + this.away.size;
    must(nodes.join() === this.order.slice(begun, begun + nodes.length).join(), 'nodes are taken in the order of the plan');
    for (const node of nodes) this.away.add(node);
    must(this.away.size + this.count('astray') <= this.rules.maxUnavailable, 'never more away than may be, those astray among them');
  }

  private recalls(nodes: string[]): void {
    must(this.backwards, 'nodes are recalled by a rollback alone');
    for (const node of nodes) {
      const outcome = this.settled.get(node);
      must(outcome === 'verified' || outcome === 'astray', 'only what can be taken back is recalled');
      const before = this.recalled.at(-1);
      must(before === undefined || this.order.indexOf(node) < this.order.indexOf(before), 'recalls go from last to first');
      this.recalled.push(node);
      this.away.add(node);
    }
    must(this.away.size <= this.rules.maxUnavailable, 'no more are on their way back than may be away');
  }

  private completes(state: string): void {
    must(this.away.size === 0, 'a rollout ends when no node is under way');
    if (this.backwards) {
      must(state === (this.count('astray') > 0 ? 'rollback-failed' : 'rolled-back'), 'a rollback ends as it went');
      must(this.count('verified') === 0, 'a rollback leaves no node at what the rollout brought');
      this.backwards = false;
    } else if (!this.stopped) {
      must(this.settled.size === this.order.length, 'a rollout that was not stopped ends with its last node');
      must(state === (this.failures + this.count('skipped') === 0 ? 'succeeded' : 'partial'), 'a rollout ends as its nodes did');
    } else must(state === 'failed' || state === 'aborted', 'a rollout that was stopped did not succeed');
    this.stopped = true;
  }

  private count(outcome: Outcome): number {
    return [...this.settled].filter(([node, how]) => how === outcome && !this.away.has(node)).length;
  }
}

function wishOf(one: Deed, { away }: Watch, state: RolloutState, at: string): RolloutCommand | undefined {
  const under = [...away];
  const node = under[one.which % Math.max(under.length, 1)];
  switch (one.do) {
    case 'settle': {
      const back = state.status === 'rolling-back';
      const outcome = back ? (one.outcome === 'verified' || one.outcome === 'rolled-back' ? 'rolled-back' : 'astray') : one.outcome;
      return node === undefined ? undefined : { type: 'settle-node', rollout, node, outcome, result: null, reason: null };
    }
    case 'settle-any':
      return { type: 'settle-node', rollout, node: nameOf(one.which), outcome: 'failed', result: null, reason: null };
    case 'pause':
      return { type: 'pause-rollout', rollout, reason: 'lunch', at };
    case 'resume':
      return { type: 'resume-rollout', rollout };
    case 'abort':
      return { type: 'abort-rollout', rollout, reason: 'enough' };
    case 'roll-back':
      return { type: 'roll-back-rollout', rollout, reason: 'worse', scope: null };
    case 'expire':
      return { type: 'expire-wait', rollout, wait: 'resume', at: later(at, one.which * 400) };
  }
}

const ends = new Map<string, number>();

/** A rollout in which everything happens in an order that nobody chose; what follows is decided after each of it. */
function live({ nodes, maxUnavailable, failureLimit, deeds }: Life) {
  const { plan, digest } = plans[nodes]!;
  const own = { ...plan, strategy: { ...plan.strategy, maxUnavailable, failureLimit } };
  const story = new Story(rolloutDecider);
  const watch = new Watch(own.targets.map((target) => target.node), { maxUnavailable, failureLimit });
  let seen = 0;
  const tell = (command: RolloutCommand) => {
    story.tell(command);
    for (; seen < story.events.length; seen++) watch.see(story.events[seen]!);
  };
  tell({ type: 'plan-rollout', plan: own, digest, alreadyThere: 0 });
  tell({ type: 'start-rollout', rollout, digest, at: clock(0) });
  const goOn: Deed[] = Array.from({ length: 40 }, () => ({ do: 'settle', which: 0, outcome: 'verified' }));
  let at = clock(0);
  for (const one of [...deeds, { do: 'resume', which: 0 } as const, ...goOn]) {
    at = later(at, 60);
    tell({ type: 'advance-rollout', rollout, at });
    tell({ type: 'advance-rollout', rollout, at });
    const wish = wishOf(one, watch, story.state, at);
    if (wish) tell(wish);
  }
  tell({ type: 'advance-rollout', rollout, at });
  return { story, watch };
}

it('holds in whatever order nodes settle and people change their minds', () => {
  fc.assert(fc.property(life, (one) => {
    const { story, watch } = live(one);
    if (story.state.status === 'none') throw new Error('it was planned');
    must(story.state.status === 'ended' && watch.away.size === 0, 'it comes to an end once all nodes have settled');
    ends.set(story.state.end!, (ends.get(story.state.end!) ?? 0) + 1);
  }), { numRuns: 500 });
  const all = ['succeeded', 'partial', 'failed', 'aborted', 'rolled-back', 'rollback-failed'];
  expect(all.filter((end) => !ends.has(end))).toEqual([]);
});

it('keeps its tally as its members stand', () => {
  fc.assert(fc.property(life, (one) => {
    const { state } = live(one).story;
    if (state.status === 'none') throw new Error('it was planned');
    const counted: { [place: string]: number } = {};
    for (const { place } of state.members) counted[place] = (counted[place] ?? 0) + 1;
    expect(Object.fromEntries(Object.entries(state.tally).filter(([, count]) => count !== 0))).toEqual(counted);
  }), { numRuns: 100 });
});

it('is the same when its events are read back, and decides the same on them again', () => {
  fc.assert(fc.property(life, (one) => {
    const { story } = live(one);
    const stored = story.events.map((event) => JSON.parse(canonicalJson(event)) as RolloutEvent);
    expect(stored.reduce(evolveRollout, noRollout)).toEqual(story.state);
    for (const { before, command, decided } of story.chapters) {
      const then = stored.slice(0, before).reduce(evolveRollout, noRollout);
      expect(canonicalJson(rolloutDecider.decide(command, then))).toBe(canonicalJson(decided));
    }
  }), { numRuns: 40 });
});
