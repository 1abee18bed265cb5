import { NodeStory, backupDigest, clock, digest, given, nodeEvents, planOf, report } from '../../../../test/support/given.js';
import { nodeDecider } from './node.decide.js';
import type { NodeEvent } from './node.js';

const types = (events: readonly NodeEvent[]) => events.map((event) => event.type);
const data = { node: 'n-1', product: 'orchat', rollout: 'r-1', from: 'v0.6.0', to: 'v0.7.0' };

function started(): NodeStory {
  const one = new NodeStory('n-1', planOf(['n-1']));
  one.start();
  return one;
}

/** An upgrade that failed after its install, on its way back. */
function goingBack(): NodeStory {
  const one = started().until('migration');
  one.reports({ outcome: 'failed', facts: {} });
  one.advance();
  return one;
}

const order = 'r-1.n-1.1.0.1';
const current = { node: 'n-1', rollout: 'r-1', order, epoch: 1, index: 0, attempt: 1 };
const accepting = (asked = order) => ({ type: 'record-acceptance' as const, node: 'n-1', order: asked, agent: 'a-1', acceptedAt: clock(0, 5) });
const reporting = (asked = order) => ({ type: 'record-report' as const, node: 'n-1', order: asked, agent: 'a-1', report: report({ ok: true }) });
const expiring = (wait: 'acceptance' | 'report', at: string, asked = order) => ({ type: 'expire-step' as const, node: 'n-1', order: asked, wait, at });

describe('accepting an order', () => {
  it('records who took it, and by when it is to be reported', () => {
    const event: NodeEvent = { type: 'step.accepted', data: { ...current, agent: 'a-1', acceptedAt: clock(0, 5), finishBy: clock(2) } };
    given(nodeDecider, started().events).when(accepting()).records(event);
  });

  it('again is quiet, and so it is of an order that is over', () => {
    const one = started();
    one.accept();
    given(nodeDecider, one.events).when(accepting()).staysQuiet();
    one.reports();
    given(nodeDecider, one.events).when(accepting()).staysQuiet();
    one.advance();
    given(nodeDecider, one.events).when(accepting()).staysQuiet();
  });

  it('is not needed for a report', () => {
    given(nodeDecider, started().events).when(reporting()).recordsTypes('step.reported');
  });
});

describe('an order that was never given', () => {
  it.each([
    'r-1.n-1.2.0.1', 'r-1.n-1.0.0.1', 'r-1.n-2.1.0.1', 'r-1.n-11.1.0.1', 'n-1.1.0.1', 'r-1.n-1.1.0', 'hello', '',
  ])('%j is refused with its acceptance and its report', (asked) => {
    const one = started();
    given(nodeDecider, one.events).when(accepting(asked)).refuses('order-unknown', { node: 'n-1', order: asked });
    given(nodeDecider, one.events).when(reporting(asked)).refuses('order-unknown', { node: 'n-1', order: asked });
    given(nodeDecider, one.events).when(expiring('report', clock(60), asked)).staysQuiet();
  });

  it('is none at all on a node that was never upgraded', () => {
    given(nodeDecider, nodeEvents('n-1')).when(reporting()).refuses('order-unknown', { node: 'n-1', order });
  });
});

describe('a late report', () => {
  it('is kept and changes nothing: not after another report, not after the wait has ended, not after the passage', () => {
    const late: NodeEvent = { type: 'step.reported-late', data: { node: 'n-1', order, agent: 'a-1', report: report({ ok: true }) } };
    const reported = started();
    reported.reports();
    const next = started().until('backup');
    const expired = started();
    expired.does(expiring('acceptance', clock(1)));
    for (const one of [reported, next, expired, started().until(), goingBack()]) {
      const before = one.state;
      given(nodeDecider, one.events).when(reporting()).records(late);
      one.does(reporting());
      expect(one.state).toEqual(before);
    }
  });
});

describe('waiting for an order to be accepted', () => {
  it('has an end: the deadline, and not a moment before it', () => {
    const { events } = started();
    given(nodeDecider, events).when(expiring('acceptance', '2026-01-16T09:00:59.999Z')).staysQuiet();
    const expired: NodeEvent = { type: 'step.expired', data: { ...current, wait: 'acceptance', deadline: clock(1) } };
    given(nodeDecider, events).when(expiring('acceptance', clock(1))).records(expired);
  });

  it('is over once it was accepted, reported or expired', () => {
    const accepted = started();
    accepted.accept();
    const reported = started();
    reported.reports();
    const expired = started();
    expired.does(expiring('acceptance', clock(1)));
    for (const one of [accepted, reported, expired]) given(nodeDecider, one.events).when(expiring('acceptance', clock(60))).staysQuiet();
  });

  it('that ended is a step that failed: before a change for good, after one by going back', () => {
    const early = started();
    early.does(expiring('acceptance', clock(1)));
    expect(early.advance()).toMatchObject([{ type: 'upgrade.failed', data: { reason: 'no-acceptance', changed: false } }]);
    const late = started().until('install');
    late.does(expiring('acceptance', clock(60), late.order!.order));
    // Nobody took it, as far as anybody knows. It may have run all the same.
    expect(late.advance()).toMatchObject([{ type: 'upgrade.failed', data: { reason: 'no-acceptance', changed: true } }, { type: 'rollback.started' }, {}]);
  });
});

describe('waiting for a report', () => {
  it('has an end: the time to accept, the step\'s own and the grace beyond it', () => {
    const one = started();
    one.accept();
    given(nodeDecider, one.events).when(expiring('report', '2026-01-16T09:01:59.999Z')).staysQuiet();
    const expired: NodeEvent = { type: 'step.expired', data: { ...current, wait: 'report', deadline: clock(2) } };
    given(nodeDecider, one.events).when(expiring('report', clock(2))).records(expired);
    one.does(expiring('report', clock(2)));
    expect(one.advance()).toMatchObject([{ type: 'upgrade.failed', data: { reason: 'no-report' } }]);
  });

  it('ends as well when the acceptance was never heard of', () => {
    given(nodeDecider, started().events).when(expiring('report', clock(2))).recordsTypes('step.expired');
  });
});

describe('asking an upgrade to stop', () => {
  const stop = (rollout = 'r-1') => ({ type: 'stop-upgrade' as const, node: 'n-1', rollout, reason: 'rollout-aborted', at: clock(3) });
  const asked: NodeEvent = { type: 'upgrade.stop-asked', data: { ...data, reason: 'rollout-aborted' } };

  it('lets the step under way end, and then ends the upgrade, good as the step may be', () => {
    const one = started();
    expect(one.does(stop())).toEqual([asked]);
    one.reports();
    expect(one.advance()).toEqual([{
      type: 'upgrade.failed', data: { ...data, step: null, reason: 'rollout-aborted', detail: null, result: 'commanded', changed: false },
    }]);
  });

  it('sends a node back that was changed', () => {
    const one = started().until('install');
    one.does(stop());
    one.reports();
    expect(types(one.advance())).toEqual(['upgrade.failed', 'rollback.started', 'step.ordered']);
    expect(one.last('rollback.started')).toMatchObject({ reason: 'rollout-aborted' });
  });

  it('between two steps takes effect at once', () => {
    const one = started();
    one.reports();
    expect(types(one.does(stop()))).toEqual(['upgrade.stop-asked', 'upgrade.failed']);
  });

  it('leaves no attempt for a step that failed', () => {
    const one = started().until('install');
    one.does(stop());
    one.reports({ outcome: 'failed', reason: 'exit-code', facts: {} });
    expect(one.advance()).toMatchObject([{ data: { step: 'install', reason: 'exit-code' } }, { type: 'rollback.started' }, {}]);
  });

  it('again, of another rollout, of a rollback, or of a node in no passage is quiet', () => {
    const one = started();
    one.does(stop());
    given(nodeDecider, one.events).when(stop()).staysQuiet();
    given(nodeDecider, started().events).when(stop('r-2')).staysQuiet();
    given(nodeDecider, goingBack().events).when(stop()).staysQuiet();
    given(nodeDecider, nodeEvents('n-1')).when(stop()).staysQuiet();
  });
});

describe('a rollback', () => {
  it('is verified by what was restored and by a version measured after it', () => {
    const one = goingBack();
    const told: string[] = [];
    for (; one.order; one.advance()) {
      told.push(one.order.kind);
      one.reports();
    }
    expect(told).toEqual(['install', 'restore', 'version']);
    expect(one.last('rollback.verified')).toEqual({ ...data, from: 'v0.7.0', to: 'v0.6.0', restored: backupDigest });
    expect(one.known).toMatchObject({ version: 'v0.6.0', epoch: 2, activity: { kind: 'idle' }, lastUpgrade: { stands: false } });
  });

  it('of a step that fails leaves the node astray', () => {
    const one = goingBack().until('restore');
    one.reports({ facts: { sha256: digest('c'), matches: true, message: 'another backup' } });
    expect(types(one.advance())).toEqual(['rollback.failed']);
    expect(one.last('rollback.failed')).toMatchObject({ step: 'restore', reason: 'restore-differs', detail: 'another backup' });
    expect(one.known.activity).toEqual({ kind: 'astray', reason: 'restore-differs', rollout: 'r-1' });
    given(nodeDecider, one.events).when({ type: 'advance-passage', node: 'n-1', at: clock(9) }).staysQuiet();
  });

  it('of which nobody reports leaves the node astray, as does a version that is not the old one', () => {
    const silent = goingBack();
    silent.does(expiring('report', clock(60), silent.order!.order));
    silent.advance();
    expect(silent.last('rollback.failed')).toMatchObject({ step: 'install', reason: 'no-report' });
    const other = goingBack().until('version');
    other.reports({ facts: { version: 'v0.7.0' } });
    other.advance();
    expect(other.last('rollback.failed')).toMatchObject({ step: 'version', reason: 'version-mismatch' });
  });

  it('leaves a node that takes no upgrade until it is observed healthy', () => {
    const one = goingBack();
    one.does(expiring('report', clock(60), one.order!.order));
    one.advance();
    const { plan, digest: planDigest } = planOf(['n-1'], { rollout: 'r-2' });
    const next = { type: 'start-upgrade' as const, node: 'n-1', rollout: 'r-2', planDigest, route: plan.routes[0]!, waits: one.last('upgrade.started').waits, at: clock(90) };
    given(nodeDecider, one.events).when(next).refuses('node-needs-care', { node: 'n-1', reason: 'no-report' });
    one.does({ type: 'observe-node', node: 'n-1', version: 'v0.6.0', health: 'healthy', source: 'schedule' });
    expect(types(one.does(next))).toEqual(['upgrade.started', 'step.ordered']);
    expect(one.last('upgrade.started')).toMatchObject({ rollout: 'r-2', epoch: 3 });
  });
});

describe('taking back an upgrade that ended', () => {
  const back = (rollout = 'r-1') => ({ type: 'start-rollback' as const, node: 'n-1', rollout, reason: 'rollout-taken-back', at: clock(30) });
  const observe = (version: string) => ({ type: 'observe-node' as const, node: 'n-1', version, health: 'healthy' as const, source: 'schedule' as const });

  it('begins the rollback with its first order', () => {
    const one = started().until();
    expect(types(one.does(back()))).toEqual(['rollback.started', 'step.ordered']);
    expect(one.last('rollback.started')).toMatchObject({ epoch: 2, reason: 'rollout-taken-back', from: 'v0.7.0', to: 'v0.6.0', backup: { bytes: 4096 } });
  });

  it('again is quiet: under way, and when the node is back', () => {
    const one = started().until();
    one.does(back());
    given(nodeDecider, one.events).when(back()).staysQuiet();
    given(nodeDecider, one.until().events).when(back()).staysQuiet();
  });

  it('is quiet when the upgrade had changed nothing, or is still under way', () => {
    const unchanged = started();
    unchanged.reports({ outcome: 'failed', facts: {} });
    unchanged.advance();
    given(nodeDecider, unchanged.events).when(back()).staysQuiet();
    given(nodeDecider, started().events).when(back()).staysQuiet();
  });

  it('is tried again with a node whose rollback failed', () => {
    const one = goingBack();
    one.reports({ outcome: 'failed', facts: {} });
    one.advance();
    expect(types(one.does(back()))).toEqual(['rollback.started', 'step.ordered']);
    expect(one.last('rollback.started')).toMatchObject({ epoch: 3 });
  });

  it('leaves a node alone that somebody has moved since then', () => {
    const one = started().until();
    one.does(observe('v0.5.0'));
    given(nodeDecider, one.events).when(back()).refuses('node-version-changed', { node: 'n-1', version: 'v0.5.0', from: 'v0.7.0' });
    one.does(observe('v0.6.0'));
    given(nodeDecider, one.events).when(back()).staysQuiet();
    one.does(observe('v0.7.0'));
    given(nodeDecider, one.events).when(back()).recordsTypes('rollback.started', 'step.ordered');
  });

  it('is refused for a rollout that did not upgrade the node last, also while another one has it', () => {
    const refused = { node: 'n-1', rollout: 'r-0' };
    given(nodeDecider, started().events).when(back('r-0')).refuses('node-not-upgraded', refused);
    given(nodeDecider, started().until().events).when(back('r-0')).refuses('node-not-upgraded', refused);
    given(nodeDecider, nodeEvents('n-1')).when(back('r-0')).refuses('node-not-upgraded', refused);
    given(nodeDecider).when(back()).refuses('node-unknown', { node: 'n-1' });
  });
});
