import { NodeStory, binaries, catalogue, clock, digest, given, nodeEvents, planOf, report, runbook, step } from '../../../../test/support/given.js';
import { nodeDecider } from './node.decide.js';
import type { NodeEvent } from './node.js';

const types = (events: readonly NodeEvent[]) => events.map((event) => event.type);
const made = planOf(['n-1']);
const story = (rules?: Parameters<typeof planOf>[1]) => new NodeStory('n-1', rules ? planOf(['n-1'], rules) : made);
const started = (rules?: Parameters<typeof planOf>[1]) => {
  const one = story(rules);
  one.start();
  return one;
};
/** The sample with other runbooks in the place of some. */
const withRunbooks = (...others: ReturnType<typeof runbook>[]) => ({
  catalogue: catalogue({ runbooks: catalogue().runbooks.map((one) => others.find((other) => other.runbook === one.runbook) ?? one) }),
});
const data = { node: 'n-1', product: 'orchat', rollout: 'r-1', from: 'v0.6.0', to: 'v0.7.0' };

describe('a whole upgrade', () => {
  it('begins with its first order, under a new epoch', () => {
    const { plan, digest: planDigest } = made;
    expect(story().start()).toEqual([
      { type: 'upgrade.started', data: { ...data, planDigest, epoch: 1, route: plan.routes[0], waits: { acceptSeconds: 60, graceSeconds: 30 } } },
      {
        type: 'step.ordered',
        data: {
          node: 'n-1', rollout: 'r-1', order: 'r-1.n-1.1.0.1', epoch: 1, index: 0, attempt: 1, phase: 'upgrade', site: 'home', product: 'orchat',
          runbook: 'before', digest: plan.routes[0]!.upgrade[0]!.digest, step: 'system', kind: 'system', title: 'The system step', changes: false,
          parameters: {}, timeoutSeconds: 30, acceptBy: clock(1), finishBy: clock(2),
        },
      },
    ]);
  });

  it('goes step by step, records what each one proves, and ends with a version that was measured', () => {
    const one = started();
    const told: [string, ...string[]][] = [];
    for (let kind = one.order?.kind; kind !== undefined; kind = one.order?.kind) told.push([kind, ...types([...one.reports(), ...one.advance()])]);
    expect(told).toEqual([
      ['system', 'step.reported', 'step.ordered'],
      ['health', 'step.reported', 'node.health-observed', 'step.ordered'],
      ['backup', 'step.reported', 'backup.created', 'step.ordered'],
      ['backup-check', 'step.reported', 'backup.verified', 'step.ordered'],
      ['migration-check', 'step.reported', 'migration.checked', 'step.ordered'],
      ['install', 'step.reported', 'release.installed', 'step.ordered'],
      ['migration', 'step.reported', 'migration.applied', 'step.ordered'],
      ['config', 'step.reported', 'step.ordered'],
      ['command', 'step.reported', 'step.ordered'],
      ['version', 'step.reported', 'node.version-observed', 'step.ordered'],
      ['feature', 'step.reported', 'upgrade.verified'],
    ]);
    expect(one.known).toMatchObject({
      version: 'v0.7.0', epoch: 1, activity: { kind: 'idle' }, lastUpgrade: { rollout: 'r-1', result: 'verified', stands: true, backup: { bytes: 4096 } },
    });
  });

  it('gives each step the parameters that its runbook declares, and no others', () => {
    const one = started();
    const given: { [kind: string]: object } = {};
    for (; one.order; one.advance()) {
      given[one.order.kind] = one.order.parameters;
      one.reports();
    }
    const install = { artifact: 'v0.7.0/orchat', sha256: binaries['v0.7.0'], node: 'n-1' };
    expect(given).toMatchObject({ system: {}, backup: { backup: 'pre-upgrade-r-1' }, install, migration: install, version: { to: 'v0.7.0' } });
  });

  it('knows how far success is known: commanded, claimed, verified', () => {
    const one = started().until('install');
    expect(one.passage).toMatchObject({ result: 'commanded', changed: true });
    one.reports();
    expect(one.passage).toMatchObject({ result: 'claimed' });
    expect(one.until().known.lastUpgrade).toMatchObject({ result: 'verified' });
  });

  it('is not verified when no version was measured after the last change', () => {
    const late = runbook('verify', ['to'], [step('version'), step('config', { changes: true })]);
    const one = started(withRunbooks(late)).until('config');
    one.reports();
    expect(types(one.advance())).toEqual(['upgrade.failed', 'rollback.started', 'step.ordered']);
    expect(one.last('upgrade.failed')).toEqual({ ...data, step: null, reason: 'version-not-measured', detail: null, result: 'claimed', changed: true });
  });

  it('is not verified by a version that was measured before the change alone', () => {
    const before = runbook('before', [], [step('version', { attempts: 2 }), step('system')]);
    const one = started(withRunbooks(before, runbook('verify', ['to'], [step('feature')])));
    one.reports({ facts: { version: 'v0.7.0' } });
    one.advance();
    one.until('feature');
    one.reports();
    one.advance();
    expect(one.last('upgrade.failed')).toMatchObject({ reason: 'version-not-measured' });
  });
});

describe('starting', () => {
  const start = { ...made.plan.strategy, type: 'start-upgrade' as const, node: 'n-1', rollout: 'r-1', planDigest: made.digest, at: clock(0) };
  const command = (rules: object = {}) => ({ ...start, route: made.plan.routes[0]!, waits: { acceptSeconds: 60, graceSeconds: 30 }, ...rules });

  it('is quiet when it has been: in its upgrade, in its rollback, and when all is over', () => {
    const inUpgrade = started();
    given(nodeDecider, inUpgrade.events).when(command()).staysQuiet();
    const verified = started().until();
    given(nodeDecider, verified.events).when(command()).staysQuiet();
    const inRollback = started().until('install');
    inRollback.reports({ outcome: 'failed' });
    inRollback.advance();
    expect(inRollback.passage).toMatchObject({ kind: 'rollback' });
    given(nodeDecider, inRollback.events).when(command()).staysQuiet();
    given(nodeDecider, inRollback.until().events).when(command()).staysQuiet();
  });

  it('is refused when another rollout has the node', () => {
    given(nodeDecider, started().events).when(command({ rollout: 'r-2' })).refuses('node-busy', { node: 'n-1', rollout: 'r-1' });
  });

  it('is refused when the node runs another version than planned for, or nobody knows which', () => {
    const refused = { node: 'n-1', version: 'v0.5.0', from: 'v0.6.0' };
    given(nodeDecider, nodeEvents('n-1', 'v0.5.0')).when(command()).refuses('node-version-changed', refused);
    given(nodeDecider, nodeEvents('n-1', null)).when(command()).refuses('node-version-unknown', { node: 'n-1' });
    given(nodeDecider).when(command()).refuses('node-unknown', { node: 'n-1' });
  });

  it('of the next upgrade takes the next epoch', () => {
    const one = started().until();
    const next = given(nodeDecider, [...one.events, ...nodeEvents('n-1').slice(1)]).when(command({ rollout: 'r-2' })).decided;
    expect(next).toMatchObject({ events: [{ type: 'upgrade.started', data: { epoch: 2 } }, { data: { order: 'r-2.n-1.2.0.1', epoch: 2 } }] });
  });
});

describe('a step that fails', () => {
  it('before any change ends the upgrade, and the node stays as it was', () => {
    const one = started().until('backup');
    expect(types(one.reports({ outcome: 'failed', reason: 'exit-code', facts: { message: 'disk full' } }))).toEqual(['step.reported']);
    expect(one.last('step.reported')).toMatchObject({ good: false, inconsistent: false, verdict: 'exit-code', detail: 'disk full' });
    expect(one.advance()).toEqual([{
      type: 'upgrade.failed', data: { ...data, step: 'backup', reason: 'exit-code', detail: 'disk full', result: 'commanded', changed: false },
    }]);
    expect(one.known).toMatchObject({ activity: { kind: 'idle' }, lastUpgrade: { stands: false, result: 'commanded' } });
  });

  it('after a change turns the upgrade into its rollback, under an epoch of its own', () => {
    const one = started().until('feature');
    one.reports({ outcome: 'failed', reason: 'exit-code', facts: {} });
    expect(types(one.advance())).toEqual(['upgrade.failed', 'rollback.started', 'step.ordered']);
    expect(one.last('upgrade.failed')).toMatchObject({ step: 'feature', reason: 'exit-code', result: 'claimed', changed: true });
    expect(one.last('rollback.started')).toMatchObject({
      from: 'v0.7.0', to: 'v0.6.0', epoch: 2, reason: 'exit-code', backup: { name: 'pre-upgrade-r-1' }, planDigest: made.digest,
    });
    expect(one.order).toMatchObject({
      phase: 'rollback', epoch: 2, index: 0, order: 'r-1.n-1.2.0.1', kind: 'install',
      parameters: { artifact: 'v0.6.0/orchat', sha256: binaries['v0.6.0'], backup: 'pre-upgrade-r-1' },
    });
  });

  it('while it changes the node may have changed it: that turns into the rollback too', () => {
    const one = started().until('install');
    one.reports({ outcome: 'interrupted', reason: 'broken-off', facts: {} });
    expect(types(one.advance())).toEqual(['upgrade.failed', 'rollback.started', 'step.ordered']);
  });

  it('refused by the agent has changed nothing', () => {
    const one = started().until('install');
    expect(one.passage?.changed).toBe(true);
    one.reports({ outcome: 'refused', reason: 'runbook-unknown', facts: {} });
    expect(types(one.advance())).toEqual(['upgrade.failed']);
    expect(one.last('upgrade.failed')).toMatchObject({ changed: false, reason: 'runbook-unknown' });
  });

  it('refused by the agent does not undo that an earlier step, or an earlier attempt, may have changed the node', () => {
    const migration = started().until('migration');
    migration.reports({ outcome: 'refused', reason: 'epoch-old', facts: {} });
    expect(types(migration.advance())).toContain('rollback.started');
    const twice = runbook('install', ['artifact', 'sha256', 'node'], [step('install', { attempts: 2 })]);
    const again = started(withRunbooks(twice)).until('install');
    again.does({ type: 'expire-step', node: 'n-1', order: again.order!.order, wait: 'report', at: clock(60) });
    again.advance();
    again.reports({ outcome: 'refused', reason: 'order-expired', facts: {} });
    expect(types(again.advance())).toContain('rollback.started');
  });
});

describe('an agent that claims success', () => {
  it('while another version is measured is inconsistent, and the node goes back under a new epoch', () => {
    const one = started().until('version');
    expect(types(one.reports({ facts: { version: 'v0.6.0' } }))).toEqual(['step.reported', 'node.version-observed']);
    expect(one.last('step.reported')).toMatchObject({ good: false, inconsistent: true, verdict: 'version-mismatch', report: { outcome: 'succeeded' } });
    one.advance();
    expect(one.last('upgrade.failed')).toMatchObject({ reason: 'version-mismatch', result: 'inconsistent', changed: true });
    expect(one.last('rollback.started')).toMatchObject({ epoch: 2, reason: 'version-mismatch' });
    expect(one.known).toMatchObject({ version: 'v0.6.0', lastUpgrade: { result: 'inconsistent' } });
  });

  it('without evidence is not believed', () => {
    const one = started().until('install');
    expect(types(one.reports({ facts: {} }))).toEqual(['step.reported']);
    expect(one.last('step.reported')).toMatchObject({ good: false, inconsistent: false, verdict: 'evidence-missing' });
    expect(types(one.advance())).toContain('rollback.started');
  });

  it('of having installed something else is inconsistent', () => {
    const one = started().until('install');
    one.reports({ facts: { sha256: digest('f') } });
    one.advance();
    expect(one.last('upgrade.failed')).toMatchObject({ reason: 'artifact-differs', result: 'inconsistent' });
  });
});

describe('repeating a step', () => {
  const repeated = (rules: object) => started(withRunbooks(runbook('before', [], [step('system', rules), step('health')])));

  it('takes as many attempts as the plan says, each under an order of its own', () => {
    const one = repeated({ attempts: 3 });
    for (const attempt of [1, 2]) {
      one.reports({ outcome: 'timed-out', facts: {} });
      expect(one.advance()).toMatchObject([{ type: 'step.ordered', data: { index: 0, attempt: attempt + 1, order: `r-1.n-1.1.0.${attempt + 1}` } }]);
    }
    one.reports({ outcome: 'timed-out', facts: {} });
    expect(types(one.advance())).toEqual(['upgrade.failed']);
  });

  it('goes on with the next step once one attempt was good', () => {
    const one = repeated({ attempts: 2 });
    one.reports({ outcome: 'failed', facts: {} });
    one.advance();
    one.reports();
    expect(one.advance()).toMatchObject([{ type: 'step.ordered', data: { index: 1, attempt: 1 } }]);
  });

  it('is not done where the rule says never', () => {
    const one = repeated({ attempts: 3, repeat: 'never' });
    one.reports({ outcome: 'failed', facts: {} });
    expect(types(one.advance())).toEqual(['upgrade.failed']);
  });

  it('follows a wait that ended without an answer as well', () => {
    const one = repeated({ attempts: 2 });
    one.does({ type: 'expire-step', node: 'n-1', order: one.order!.order, wait: 'acceptance', at: clock(1) });
    expect(one.advance(clock(1))).toMatchObject([{ type: 'step.ordered', data: { attempt: 2, acceptBy: clock(2) } }]);
  });
});

it('advances once: while an order is under way, before anything began and when all is over it is quiet', () => {
  const advance = { type: 'advance-passage' as const, node: 'n-1', at: clock(5) };
  const one = started();
  given(nodeDecider, one.events).when(advance).staysQuiet();
  given(nodeDecider, nodeEvents('n-1')).when(advance).staysQuiet();
  given(nodeDecider, one.until().events).when(advance).staysQuiet();
});

it('keeps the report as it came, and who gave it', () => {
  const one = started();
  const said = report({ ok: true, free: '12 GB' }, { output: { sha256: digest('a'), bytes: 12, truncated: false }, found: true });
  one.does({ type: 'record-report', node: 'n-1', order: one.order!.order, agent: 'a-2', report: said });
  expect(one.last('step.reported')).toEqual({
    node: 'n-1', rollout: 'r-1', order: 'r-1.n-1.1.0.1', epoch: 1, index: 0, attempt: 1, agent: 'a-2', step: 'system', title: 'The system step',
    kind: 'system', good: true, inconsistent: false, verdict: null, detail: null, report: said,
  });
});
