import { NodeStory, catalogue, clock, digest, given, nodeEvents, nodeOf, planOf, productOf, release, runbook, shownOutput, step } from '../../../../test/support/given.js';
import { isRefused } from '../kernel/decision.js';
import type { Catalogue } from '../product/catalogue.js';
import { makeProcedure } from '../rollout/procedure.js';
import type { ProcedureRequest } from '../rollout/procedure.js';
import { nodeDecider } from './node.decide.js';
import { activityWord } from './node.js';
import type { NodeEvent, NodeState } from './node.js';
import type { StartProcedure } from './procedure.decide.js';

const types = (events: readonly NodeEvent[]) => events.map((event) => event.type);
const sample = (rules: Partial<Catalogue> = {}) => catalogue({
  runbooks: [
    ...catalogue().runbooks, runbook('look', [], [step('health'), step('review', { decideMs: 60_000 })]), runbook('mend', ['from'], [step('command', { changes: true, attempts: 2 })]),
    runbook('reinstall', ['artifact', 'sha256', 'backup', 'to'], [step('archive'), step('remove'), step('install'), step('version')]),
  ],
  procedures: [
    { procedure: 'look', title: 'Look at it', runbooks: ['look'], to: null }, { procedure: 'mend', title: 'Mend it', runbooks: ['mend', 'verify'], to: null },
    { procedure: 'reinstall', title: 'Install again', runbooks: ['reinstall'], to: null }, { procedure: 'newest', title: 'Install the newest', runbooks: ['reinstall'], to: 'v0.7.0' },
  ],
  downgrades: [
    { from: ['v0.6.0'], to: 'v0.5.0', runbooks: ['rollback'], reason: null }, { from: ['v0.7.0'], to: 'v0.5.0', runbooks: [], reason: 'it cannot read the history' },
  ],
  ...rules,
});
const product = productOf(sample());
const make = (rules: Partial<ProcedureRequest> = {}, node: NodeState = nodeOf(nodeEvents('n-1')), state = product) =>
  makeProcedure({ id: 'p-1', node: 'n-1', procedure: 'mend', to: null, at: clock(0), ...rules }, state, node);
const start = (rules: Partial<ProcedureRequest> = {}, node?: NodeState): StartProcedure => {
  const made = make(rules, node);
  if (isRefused(made)) throw new Error(JSON.stringify(made.refusal));
  const waits = { acceptSeconds: 60, graceSeconds: 30 };
  return { type: 'start-procedure', node: 'n-1', procedure: rules.procedure ?? 'mend', id: 'p-1', waits, at: clock(0), ...made };
};
const story = (events?: readonly NodeEvent[]) => new NodeStory('n-1', planOf(['n-1']), events);
const data = { node: 'n-1', product: 'orchat', rollout: 'p-1', from: 'v0.6.0', to: 'v0.6.0', procedure: 'mend', id: 'p-1' };

describe('what a procedure will do', () => {
  it('is fixed before it begins: its steps, and what they are filled from', () => {
    const made = start({ procedure: 'reinstall', to: 'v0.5.0' });
    expect(made).toMatchObject({ title: 'Install again', route: { from: 'v0.6.0', to: 'v0.5.0', method: null, rollback: [] } });
    expect(made.route.upgrade.map((one) => one.kind)).toEqual(['archive', 'remove', 'install', 'version']);
    expect(made.route.legs[0]!.values).toEqual({ from: 'v0.6.0', to: 'v0.5.0', number: '0.5.0', backup: 'pre-p-1', rollout: 'p-1', artifact: 'v0.5.0/orchat', sha256: digest('5') });
  });

  it('ends at the version that was asked for, that it always ends at, or that the node runs', () => {
    const to = (rules: Partial<ProcedureRequest>) => start(rules).route.to;
    expect([to({ procedure: 'reinstall', to: 'v0.7.0' }), to({ procedure: 'newest' }), to({ procedure: 'reinstall' })]).toEqual(['v0.7.0', 'v0.7.0', 'v0.6.0']);
  });

  it('is for a downgrade what the catalogue lists for it', () => {
    const made = start({ procedure: 'downgrade', to: 'v0.5.0' });
    expect(made).toMatchObject({ title: 'Return to v0.5.0', route: { from: 'v0.6.0', to: 'v0.5.0' } });
    expect(made.route.upgrade.map((one) => one.kind)).toEqual(['install', 'restore', 'version']);
  });

  const at = (version: string | null) => nodeOf(nodeEvents('n-1', version));
  it.each<[string, Partial<ProcedureRequest>, NodeState | undefined, string, object]>([
    ['of a name that there is not', { procedure: 'guess' }, undefined, 'procedure-unknown', { known: ['look', 'mend', 'reinstall', 'newest', 'downgrade'] }],
    ['to another version than it always ends at', { procedure: 'newest', to: 'v0.5.0' }, undefined, 'procedure-version-fixed', { to: 'v0.7.0' }],
    ['to a version that there is not', { to: 'v0.9.0' }, undefined, 'version-unknown', { version: 'v0.9.0' }],
    ['that nobody can measure the end of', {}, at(null), 'node-version-unknown', { node: 'n-1' }],
    ['that asks for a version that nobody has measured', { to: 'v0.6.0' }, at(null), 'release-without-artifact', { parameter: 'from' }],
    ['down without a version', { procedure: 'downgrade' }, undefined, 'procedure-without-version', { procedure: 'downgrade' }],
    ['down where it cannot be', { procedure: 'downgrade', to: 'v0.5.0' }, at('v0.7.0'), 'downgrade-impossible', { from: 'v0.7.0', to: 'v0.5.0', reason: 'it cannot read the history' }],
    ['down where nothing is listed', { procedure: 'downgrade', to: 'v0.6.0' }, at('v0.7.0'), 'downgrade-impossible', { from: 'v0.7.0', to: 'v0.6.0', reason: 'the catalogue lists none' }],
    ['at a node that nobody knows', {}, { status: 'none' }, 'node-unknown', { node: 'n-1' }],
  ])('is refused for one %s', (_, rules, node, code, facts) => {
    expect(make(rules, node)).toMatchObject({ refusal: { code, facts } });
  });

  it('is refused for a release that is only scheduled', () => {
    const scheduled = productOf(sample({ releases: [release('v0.5.0'), release('v0.6.0'), release('v0.7.0', { scheduled: '2026-02-01' })] }));
    expect(make({ to: 'v0.7.0' }, undefined, scheduled)).toMatchObject({ refusal: { code: 'release-not-published' } });
  });
});

describe('a procedure', () => {
  it('begins with its first order under a new epoch, goes step by step, and is completed when the version was measured', () => {
    const one = story();
    const command = start();
    expect(one.does(command)).toMatchObject([
      { type: 'procedure.started', data: { ...data, title: 'Mend it', epoch: 1, route: command.route } },
      { type: 'step.ordered', data: { order: 'p-1.n-1.1.0.1', phase: 'procedure', kind: 'command', rollout: 'p-1', parameters: { from: 'v0.6.0' } } },
    ]);
    expect(activityWord(one.known.activity)).toBe('in-procedure');
    one.until();
    expect(one.events.at(-1)).toEqual({ type: 'procedure.completed', data: { ...data, changed: true, astray: false } });
    expect(one.known).toMatchObject({ activity: { kind: 'idle' }, lastUpgrade: null, version: 'v0.6.0' });
  });

  it('that looks and changes nothing need not measure the version', () => {
    const one = story();
    one.does(start({ procedure: 'look' }));
    one.until('review');
    one.reports();
    one.advance(clock(1));
    expect(one.last('review.requested')).toMatchObject({ phase: 'procedure', evidence: shownOutput, order: 'p-1.n-1.1.1.1' });
    one.does({ type: 'decide-review', node: 'n-1', order: 'p-1.n-1.1.1.1', accept: true, reason: null, at: clock(1) });
    expect(one.advance()).toMatchObject([{ type: 'procedure.completed', data: { changed: false } }]);
  });

  it('that fails before a change leaves the node as it was; after one nobody can say, until it is observed', () => {
    const looking = story();
    looking.does(start({ procedure: 'look' }));
    looking.reports({ outcome: 'failed', reason: 'exit-code', facts: {} });
    expect(looking.advance()).toMatchObject([{ type: 'procedure.failed', data: { step: 'health', reason: 'exit-code', changed: false } }]);
    expect(looking.known.activity).toEqual({ kind: 'idle' });
    const mending = story();
    mending.does(start());
    mending.until('config');
    mending.reports({ facts: { valid: false } });
    expect(mending.advance()).toMatchObject([{ type: 'procedure.failed', data: { ...data, step: 'config', reason: 'config-invalid', changed: true } }]);
    expect(mending.known).toMatchObject({ health: 'unknown', activity: { kind: 'astray', reason: 'config-invalid', rollout: 'p-1' } });
    mending.does({ type: 'observe-node', node: 'n-1', version: 'v0.6.0', health: 'healthy', source: 'schedule' });
    expect(mending.known.activity).toEqual({ kind: 'idle' });
  });

  it('that changed the node without measuring its version is not completed', () => {
    const one = story();
    one.does({ ...start(), route: { ...start().route, upgrade: start().route.upgrade.filter((planned) => planned.kind !== 'version') } });
    one.until();
    expect(one.events.at(-1)).toMatchObject({ type: 'procedure.failed', data: { step: null, reason: 'version-not-measured', changed: true } });
  });

  it('repeats a step as its rule says', () => {
    const one = story();
    one.does(start());
    one.reports({ outcome: 'timed-out', facts: {} });
    expect(one.advance()).toMatchObject([{ type: 'step.ordered', data: { order: 'p-1.n-1.1.0.2' } }]);
  });

  it('started again is quiet; another one, and a rollout, have to wait for its end', () => {
    const one = story();
    const command = start();
    one.does(command);
    given(nodeDecider, one.events).when(command).staysQuiet();
    const refused = ['node-in-procedure', { node: 'n-1', procedure: 'mend', id: 'p-1' }] as const;
    given(nodeDecider, one.events).when({ ...command, id: 'p-2' }).refuses(...refused);
    expect(make({}, one.known)).toEqual({ refusal: { code: refused[0], facts: refused[1] } });
    const { plan, digest: planDigest } = planOf(['n-1']);
    const waits = { acceptSeconds: 60, graceSeconds: 30 };
    given(nodeDecider, one.events).when({ type: 'start-upgrade', node: 'n-1', rollout: 'r-1', planDigest, route: plan.routes[0]!, waits, at: clock(0) }).refuses(...refused);
  });

  it('is not begun in a passage, nor on a node that has moved since it was made', () => {
    const upgrading = story();
    upgrading.start();
    given(nodeDecider, upgrading.events).when(start()).refuses('node-busy', { node: 'n-1', rollout: 'r-1' });
    given(nodeDecider, nodeEvents('n-1', 'v0.7.0')).when(start()).refuses('node-version-changed', { node: 'n-1', version: 'v0.7.0', from: 'v0.6.0' });
  });

  it('leaves the upgrade before it the last one, which can still be taken back while the node runs what it brought', () => {
    const one = story();
    one.start();
    one.until();
    one.does(start({}, one.known));
    one.until();
    expect(one.known).toMatchObject({ version: 'v0.7.0', lastUpgrade: { rollout: 'r-1', stands: true } });
    expect(types(one.does({ type: 'start-rollback', node: 'n-1', rollout: 'r-1', reason: 'asked', at: clock(9) }))).toEqual(['rollback.started', 'step.ordered']);
  });
});

describe('on a node that is astray', () => {
  /** A node whose rollback failed. */
  const astray = () => {
    const one = story();
    one.start();
    one.until('feature');
    for (let i = 0; i < 2; i++) {
      one.reports({ outcome: 'failed', reason: 'exit-code', facts: {} });
      one.advance();
    }
    return one;
  };
  const was = { kind: 'astray', reason: 'exit-code', rollout: 'r-1' };

  it('a procedure that mends it settles it', () => {
    const one = astray();
    expect(one.known.activity).toEqual(was);
    one.does(start({ procedure: 'reinstall', to: 'v0.6.0' }, one.known));
    expect(one.order).toMatchObject({ epoch: 3, phase: 'procedure' });
    one.reports({ facts: { name: 'pre-p-1', sha256: digest('b'), bytes: 9 } });
    one.advance();
    one.until();
    expect(one.events.at(-1)!.type).toBe('procedure.completed');
    expect(one.known).toMatchObject({ version: 'v0.6.0', activity: { kind: 'idle' } });
  });

  it('a procedure that only looked, or failed before it changed anything, leaves it astray', () => {
    const looked = astray();
    looked.does(start({ procedure: 'look' }, looked.known));
    looked.reports({ outcome: 'failed', facts: {} });
    looked.advance();
    expect(looked.last('procedure.failed')).toMatchObject({ changed: false, astray: true });
    expect(looked.known.activity).toEqual(was);
    looked.does({ ...start({ procedure: 'look' }, looked.known), id: 'p-2' });
    looked.until('review');
    looked.reports();
    looked.advance(clock(1));
    looked.does({ type: 'decide-review', node: 'n-1', order: looked.last('review.requested').order, accept: true, reason: null, at: clock(1) });
    expect(looked.advance()).toMatchObject([{ type: 'procedure.completed', data: { changed: false, astray: true } }]);
    expect(looked.known.activity).toEqual(was);
  });
});
