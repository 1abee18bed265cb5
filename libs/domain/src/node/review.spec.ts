import { NodeStory, catalogue, clock, given, planOf, runbook, shownOutput, step } from '../../../../test/support/given.js';
import { nodeDecider } from './node.decide.js';
import { activityWord } from './node.js';
import type { NodeEvent } from './node.js';

const types = (events: readonly NodeEvent[]) => events.map((event) => event.type);
/** The settings are converted, shown, and used only then. The second attempt is for the command, not for the person. */
const convert = runbook('install', ['artifact', 'sha256'], [step('install'), step('review', { attempts: 2, decideMs: 1_800_000 }), step('migration')]);
const sample = catalogue({ runbooks: [...catalogue().runbooks.filter((one) => one.runbook !== 'install'), convert] });
const made = planOf(['n-1'], { catalogue: sample });
const about = {
  node: 'n-1', product: 'orchat', rollout: 'r-1', order: 'r-1.n-1.1.5.1', phase: 'upgrade', runbook: 'install', step: 'review', title: 'The review step',
} as const;
const { order } = about;
const decide = (accept: boolean, reason: string | null = null, at = clock(5)) => ({ type: 'decide-review' as const, node: 'n-1', order, accept, reason, at });
const expire = (at: string) => ({ type: 'expire-review' as const, node: 'n-1', order, at });

/** A node whose settings a person is to look at since `clock(1)`. */
function waiting(): NodeStory {
  const story = new NodeStory('n-1', made);
  story.start();
  story.until('review');
  story.reports();
  story.advance(clock(1));
  return story;
}

it('waits for a person once the step has shown something, by a deadline of its own', () => {
  const story = new NodeStory('n-1', made);
  story.start();
  story.until('review');
  expect(types(story.reports())).toEqual(['step.reported']);
  expect(story.advance(clock(1))).toEqual([{ type: 'review.requested', data: { ...about, evidence: shownOutput, decideBy: clock(31) } }]);
  expect(activityWord(story.known.activity)).toBe('in-review');
  given(nodeDecider, story.events).when({ type: 'advance-passage', node: 'n-1', at: clock(20) }).staysQuiet();
});

it('has a day where its runbook says nothing', () => {
  const plain = runbook('install', ['artifact', 'sha256'], [step('install'), step('review')]);
  const { plan } = planOf(['n-1'], { catalogue: catalogue({ runbooks: [...catalogue().runbooks.filter((one) => one.runbook !== 'install'), plain] }) });
  expect(plan.routes[0]!.upgrade.map((one) => one.decideSeconds).filter((one) => one !== undefined)).toEqual([86_400]);
});

it('goes on when it is accepted', () => {
  const story = waiting();
  expect(story.does(decide(true, 'looks right'))).toEqual([{ type: 'review.accepted', data: { ...about, reason: 'looks right' } }]);
  expect(activityWord(story.known.activity)).toBe('upgrading');
  story.advance();
  expect(story.order).toMatchObject({ kind: 'migration', attempt: 1 });
  story.until();
  expect(story.events.at(-1)!.type).toBe('upgrade.verified');
});

it('goes back when it is rejected, and does not show it again', () => {
  const story = waiting();
  expect(story.does(decide(false, 'a key is missing'))).toEqual([{ type: 'review.rejected', data: { ...about, reason: 'a key is missing' } }]);
  expect(types(story.advance())).toEqual(['upgrade.failed', 'rollback.started', 'step.ordered']);
  expect(story.last('upgrade.failed')).toMatchObject({ step: 'review', reason: 'review-rejected', detail: 'a key is missing', changed: true });
});

it('counts as rejected when nobody decides in time', () => {
  const story = waiting();
  given(nodeDecider, story.events).when(expire(clock(30, 59))).staysQuiet();
  expect(story.does(expire(clock(31)))).toEqual([{ type: 'review.expired', data: { ...about, deadline: clock(31) } }]);
  given(nodeDecider, story.events).when(expire(clock(31))).staysQuiet();
  story.advance();
  expect(story.last('upgrade.failed')).toMatchObject({ reason: 'review-expired', detail: null });
});

it('is not decided after its deadline, though nobody has told yet that it has passed', () => {
  given(nodeDecider, waiting().events).when(decide(true, null, clock(31))).refuses('review-expired', { node: 'n-1', decideBy: clock(31) });
});

it('is not rejected without a reason', () => {
  given(nodeDecider, waiting().events).when(decide(false)).refuses('reason-missing', {});
});

it('is decided once, and only where it is asked for', () => {
  const refused = (events: readonly NodeEvent[]) => given(nodeDecider, events).when(decide(true)).refuses('review-unknown', { node: 'n-1', order });
  const story = waiting();
  const asked = story.events.slice();
  story.does(decide(true));
  refused(story.events);
  refused(asked.slice(0, -1));
  given(nodeDecider, asked).when({ ...decide(true), order: 'r-1.n-1.1.4.1' }).refuses('review-unknown', { node: 'n-1', order: 'r-1.n-1.1.4.1' });
  given(nodeDecider).when(decide(true)).refuses('node-unknown', { node: 'n-1' });
});

it('is not asked for when the step failed or showed nothing', () => {
  const story = new NodeStory('n-1', made);
  story.start();
  story.until('review');
  story.reports({ output: null });
  expect(story.last('step.reported')).toMatchObject({ good: false, verdict: 'evidence-missing' });
  story.advance();
  expect(story.order).toMatchObject({ kind: 'review', attempt: 2 });
});

it('does not hold a node whose rollout is aborted', () => {
  const stop = { type: 'stop-upgrade' as const, node: 'n-1', rollout: 'r-1', reason: 'rollout-aborted', at: clock(2) };
  const story = waiting();
  expect(types(story.does(stop))).toEqual(['upgrade.stop-asked', 'upgrade.failed', 'rollback.started', 'step.ordered']);
  given(nodeDecider, story.events).when(decide(true)).refuses('review-unknown', { node: 'n-1', order });
  given(nodeDecider, story.events).when(expire(clock(31))).staysQuiet();
});
