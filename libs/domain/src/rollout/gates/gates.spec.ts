import { Story, clock, planOf } from '../../../../../test/support/given.js';
import { later } from '../../kernel/time.js';
import { rolloutDecider } from '../rollout.decide.js';
import type { RolloutCommand } from '../rollout.decide.js';
import type { RolloutEvent, RolloutState } from '../rollout.js';
import type { RolloutStrategy } from '../strategy.js';
import { completeGate } from './complete.js';
import type { GateWish } from './complete.js';
import { dueSamples } from './due.js';
import type { GateSample } from './gate.js';
import { meets, parseThreshold } from './threshold.js';

const rollout = 'r-1';

/** A rollout of four nodes in two waves whose first one is over and stands at its gates. */
class GateStory extends Story<RolloutCommand, RolloutState, RolloutEvent> {
  now = clock(0);

  constructor(gates: GateWish[], rules: Partial<RolloutStrategy> = {}) {
    super(rolloutDecider);
    const made = planOf(['n-1', 'n-2', 'n-3', 'n-4'], { strategy: { waves: [{ size: 2 }], gates: gates.map(completeGate), ...rules } });
    this.does({ type: 'plan-rollout', ...made, alreadyThere: 0 });
    this.does({ type: 'start-rollout', rollout, digest: null, at: this.now });
    this.advance();
    for (const { node } of made.plan.targets.slice(0, 2)) this.does({ type: 'settle-node', rollout, node, outcome: 'verified', result: 'verified', reason: null });
    this.advance();
  }

  advance(): string[] {
    return this.does({ type: 'advance-rollout', rollout, at: this.now }).map((event) => event.type.replace('rollout.', ''));
  }

  get rolled() {
    if (this.state.status === 'none') throw new Error('it was planned');
    return this.state;
  }

  /** Lets time pass and takes the sample that is due then. */
  sample(found: GateSample, seconds = 10): Extract<RolloutEvent, { type: 'rollout.gate-judged' }>['data'] | undefined {
    this.now = later(this.now, seconds);
    const [due] = dueSamples(this.state, this.now);
    if (!due) return undefined;
    const events = this.does({ type: 'record-gate-sample', ...due.of, found, at: this.now });
    const judged = events.find((event) => event.type === 'rollout.gate-judged');
    return judged?.data;
  }
}

const values = (...found: number[]): GateSample => ({ gate: 'prometheus', outcome: 'values', values: found, series: found.length, says: null });
const nothing = (outcome: 'empty' | 'not-a-number' | 'unreadable' | 'unreachable'): GateSample => ({ gate: 'prometheus', outcome, values: [], series: 0, says: null });
const health = (ok: number, failed = 0, unknown = 0): GateSample => ({
  gate: 'health', nodes: ok + failed + unknown, ok, failed: Array.from({ length: failed }, (_, i) => `f-${i}`), unknown: [], failedCount: failed, unknownCount: unknown,
});
const hook = (verdict: string | null): GateSample => ({ gate: 'webhook', outcome: verdict === null ? 'unreachable' : 'answered', verdict, status: 200, says: null });
const prometheus = (rules: Partial<GateWish> = {}): GateWish => ({ gate: 'prometheus', url: 'http://127.0.0.1:9090', query: 'errors', threshold: '< 5', withinSeconds: 60, ...rules });

describe('a gate behind a wave', () => {
  it('opens when the wave has ended, and the next wave waits for it', () => {
    const story = new GateStory([{ gate: 'health' }]);
    expect(story.rolled.gates).toMatchObject({ wave: 1, round: 1, held: false });
    expect(story.advance()).toEqual([]);
    expect(story.sample(health(2), 0)).toMatchObject({ verdict: 'promote', final: true });
    expect(story.advance()).toEqual(['wave-passed']);
    expect(story.advance()).toEqual(['nodes-admitted']);
  });

  it('has the nodes that it asks about looked at more often', () => {
    const asked = new GateStory([{ gate: 'health', everySeconds: 8, withinSeconds: 60 }]).events.filter((event) => event.type === 'rollout.watch-asked');
    expect(asked).toMatchObject([{ data: { everySeconds: 4, until: later(clock(0), 60) } }]);
    expect(asked[0]!.data.nodes).toHaveLength(2);
  });

  it('waits for all of its fellows', () => {
    const story = new GateStory([{ gate: 'health' }, { gate: 'manual' }]);
    story.sample(health(2), 0);
    expect(story.advance()).toEqual([]);
    story.does({ type: 'decide-gate', rollout, gate: null, accept: true, reason: 'looks fine' });
    expect(story.advance()).toEqual(['wave-passed']);
  });

  it('stands only after the wave that it is meant for', () => {
    expect(new GateStory([{ gate: 'manual', after: 2 }]).rolled.gates).toBeNull();
    expect(new GateStory([{ gate: 'manual', after: 1 }]).rolled.gates).not.toBeNull();
  });

  it('that finds a node unhealthy waits for it to mend, then holds, or goes back when that was asked for', () => {
    const story = new GateStory([{ gate: 'health', failures: 3 }]);
    expect([story.sample(health(1, 1), 0), story.sample(health(1, 1)), story.sample(health(1, 1))].map((one) => [one!.verdict, one!.final])).toEqual([['hold', false], ['hold', false], ['hold', true]]);
    expect(story.rolled).toMatchObject({ status: 'paused', resumeBy: later(story.now, 3600) });
    const back = new GateStory([{ gate: 'health', failures: 1, otherwise: 'rollback' }]);
    expect(back.sample(health(1, 1), 0)).toMatchObject({ verdict: 'rollback', final: true, reason: 'nodes-unhealthy' });
    expect(back.advance()).toEqual(['rollback-begun']);
    expect(back.advance()).toEqual(['nodes-recalled']);
  });

  it('wants as many good samples in a row as it was told', () => {
    const story = new GateStory([prometheus({ passes: 2 })]);
    expect([values(1), values(9), values(1), values(2)].map((found) => story.sample(found)!.final)).toEqual([false, false, false, true]);
    expect(story.advance()).toEqual(['wave-passed']);
  });
});

it('that is a webhook may ask to go back, whatever else would be', () => {
  const story = new GateStory([{ gate: 'webhook', url: 'http://127.0.0.1:1' }]);
  expect(story.sample(hook('rollback'))).toMatchObject({ verdict: 'rollback', final: true, reason: 'webhook-rolls-back' });
  expect(story.advance()).toEqual(['rollback-begun']);
});

describe('what lets nobody pass', () => {
  it.each<[string, GateWish, GateSample, string, string]>([
    ['no value', prometheus(), nothing('empty'), 'insufficient', 'no-data'],
    ['a value that is no number', prometheus(), nothing('not-a-number'), 'insufficient', 'not-a-number'],
    ['an answer that cannot be read', prometheus(), nothing('unreadable'), 'insufficient', 'unreadable'],
    ['a server that does not answer', prometheus(), nothing('unreachable'), 'insufficient', 'unreachable'],
    ['a list of values without one', prometheus(), values(), 'insufficient', 'no-data'],
    ['an empty group', { gate: 'health', withinSeconds: 60 }, health(0), 'insufficient', 'group-empty'],
    ['nodes of which nobody knows', { gate: 'health', withinSeconds: 60 }, health(1, 0, 1), 'insufficient', 'nodes-unknown'],
    ['a webhook that is silent', { gate: 'webhook', url: 'http://127.0.0.1:1', withinSeconds: 60 }, hook(null), 'insufficient', 'unreachable'],
    ['a webhook that speaks in riddles', { gate: 'webhook', url: 'http://127.0.0.1:1', withinSeconds: 60 }, hook('maybe'), 'insufficient', 'unreadable'],
    ['a webhook that says to wait', { gate: 'webhook', url: 'http://127.0.0.1:1', withinSeconds: 60 }, hook('hold'), 'insufficient', 'webhook-holds'],
  ])('%s: it is asked again until its time is over, then a person is asked', (_, wish, found, verdict, reason) => {
    const story = new GateStory([wish]);
    expect(story.sample(found)).toMatchObject({ verdict, reason, final: false, holdBy: null });
    expect(story.sample(found, 60)).toMatchObject({ verdict, reason, final: true, holdBy: later(story.now, 3600) });
    expect(story.rolled.status).toBe('paused');
    expect(story.advance()).toEqual([]);
    expect(story.sample(found, 60)).toBeUndefined();
  });

  it('is a threshold that cannot be read: it holds at once, since no waiting mends it', () => {
    expect(new GateStory([prometheus({ threshold: 'low' })]).sample(values(0))).toMatchObject({ verdict: 'hold', final: true, reason: 'threshold-unreadable' });
  });

  it('is a manual gate that nobody decided, from its deadline on', () => {
    const story = new GateStory([{ gate: 'manual', decideSeconds: 600 }]);
    expect(story.sample({ gate: 'manual' }, 599)).toBeUndefined();
    expect(story.sample({ gate: 'manual' }, 1)).toMatchObject({ verdict: 'hold', final: true, reason: 'not-decided' });
  });
});

describe('a person at a gate', () => {
  const held = () => {
    const story = new GateStory([prometheus()]);
    story.sample(nothing('empty'), 60);
    return story;
  };

  it('lets pass what was held, with a reason on record', () => {
    const story = held();
    story.does({ type: 'decide-gate', rollout, gate: null, accept: true, reason: 'Prometheus is being moved' });
    expect(story.rolled).toMatchObject({ status: 'running', resumeBy: null });
    expect(story.advance()).toEqual(['wave-passed']);
  });

  it('lets it go on only when no other gate holds it', () => {
    const story = new GateStory([prometheus(), prometheus()]);
    story.now = later(story.now, 60);
    for (const due of dueSamples(story.state, story.now)) story.does({ type: 'record-gate-sample', ...due.of, found: nothing('empty'), at: story.now });
    const goesOn = (gate: number) => story.does({ type: 'decide-gate', rollout, gate, accept: true, reason: 'fine' }).map((event) => event.type === 'rollout.gate-decided' && event.data.goesOn);
    expect([goesOn(0), story.rolled.status, goesOn(1), story.rolled.status]).toEqual([[false], 'paused', [true], 'running']);
  });

  it('sends it back', () => {
    const story = held();
    story.does({ type: 'decide-gate', rollout, gate: 0, accept: false, reason: 'no' });
    expect(story.advance()).toEqual(['rollback-begun']);
  });

  it('has it asked anew by resuming', () => {
    const story = held();
    story.does({ type: 'resume-rollout', rollout });
    expect(story.advance()).toEqual(['gates-opened']);
    expect(story.rolled.gates).toMatchObject({ round: 2, held: false });
    expect(story.sample(values(1))).toMatchObject({ verdict: 'promote' });
  });

  it('who does not come loses the rollout to its deadline: it is aborted', () => {
    const story = held();
    const [expired] = story.does({ type: 'expire-wait', rollout, wait: 'resume', at: story.rolled.resumeBy! });
    expect(expired).toMatchObject({ type: 'rollout.expired' });
    expect(story.rolled).toMatchObject({ status: 'stopping', stop: 'aborted', gates: null });
  });

  it('is refused where no gate waits, and asked which where several do', () => {
    const decide = { type: 'decide-gate' as const, rollout, gate: null, accept: true, reason: 'x' };
    expect(new GateStory([{ gate: 'manual', after: 2 }]).tell(decide)).toEqual({ refusal: { code: 'gate-not-open', facts: { rollout } } });
    expect(new GateStory([{ gate: 'manual' }, { gate: 'manual' }]).tell(decide)).toMatchObject({ refusal: { code: 'gate-ambiguous', facts: { gates: ['0 (manual)', '1 (manual)'] } } });
  });
});

describe('a sample', () => {
  it('is taken once: another of the same number changes nothing', () => {
    const story = new GateStory([prometheus()]);
    const [due] = dueSamples(story.state, story.now);
    const record = (found: GateSample): RolloutCommand => ({ type: 'record-gate-sample', ...due!.of, found, at: story.now });
    expect(story.does(record(values(1)))).toHaveLength(2);
    expect(story.does(record(values(99)))).toEqual([]);
  });

  it('of gates that were opened anew meanwhile is void', () => {
    const story = new GateStory([prometheus()]);
    const [due] = dueSamples(story.state, story.now);
    story.does({ type: 'pause-rollout', rollout, reason: 'x', at: story.now });
    expect(story.does({ type: 'record-gate-sample', ...due!.of, round: 2, found: values(1), at: story.now })).toEqual([]);
  });

  it('is due when its gate opens and then as often as it is asked, at the deadline at the latest', () => {
    const story = new GateStory([prometheus({ everySeconds: 40 })]);
    const at = (seconds: number) => dueSamples(story.state, later(clock(0), seconds)).map((due) => due.of.sample);
    expect(at(0)).toEqual([1]);
    story.sample(nothing('empty'), 0);
    expect([at(39), at(40)]).toEqual([[], [2]]);
    story.sample(nothing('empty'), 40);
    expect([at(59), at(60)]).toEqual([[], [3]]);
  });
});

describe('a threshold', () => {
  it.each([['< 5', 4.9, true], ['<5', 5, false], ['<= 5', 5, true], ['> 0.99', 1, true], ['>= -1e-3', 0, true], ['== 0', 0, true], ['!= 0', 0, false]])('%s of %d: %s', (text, value, met) => {
    expect(meets(parseThreshold(text)!, value)).toBe(met);
  });

  it.each(['', '5', 'low', '< ', '< five', '<> 5', '< 5 %', '< NaN', '< Infinity', '=< 5'])('%j cannot be read', (text) => expect(parseThreshold(text)).toBeUndefined());
});

describe('a strategy', () => {
  const field = (gates: GateWish[], rules: Partial<RolloutStrategy> = {}) => {
    try {
      new GateStory(gates, rules);
      return 'fine';
    } catch (error) {
      return (/"field":"([^"]+)"/.exec((error as Error).message) ?? [])[1];
    }
  };

  it.each<[string, GateWish[], Partial<RolloutStrategy>, string]>([
    ['asks at least once a day', [{ gate: 'health', everySeconds: 0 }], {}, 'gates[0].everySeconds'],
    ['names a web address', [{ gate: 'webhook', url: 'file:///etc/passwd' }], {}, 'gates[0].url'],
    ['has its canaries in the first wave', [{ gate: 'canary', after: 2 }], {}, 'fine'],
    ['warms up within the soak', [{ gate: 'canary', soakSeconds: 10, warmUpSeconds: 10 }], {}, 'gates[0].warmUpSeconds'],
    ['with canaries has something to compare them with', [{ gate: 'canary' }], { waves: [] }, 'waves'],
    ['of canaries has a canary gate', [], { kind: 'canary' }, 'gates'],
    ['of one node in a hundred is one', [], { waves: [{ percent: 0 }] }, 'waves[0].percent'],
  ])('%s', (_, gates, rules, wrong) => expect(field(gates, rules)).toBe(wrong));
});
