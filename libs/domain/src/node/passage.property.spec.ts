import fc from 'fast-check';
import { canonicalJson } from '#proof';
import { NodeStory, catalogue, clock, digest, planOf, productOf, proof, report, runbook, shownOutput, step } from '../../../../test/support/given.js';
import { isRefused } from '../kernel/decision.js';
import { later } from '../kernel/time.js';
import { makeProcedure } from '../rollout/procedure.js';
import { nodeDecider } from './node.decide.js';
import { evolveNode, noNode } from './node.js';
import type { NodeEvent, StepReport } from './node.js';

/** What may happen to a node: what its agent says, what the clock says, what people ask. */
type Deed =
  | { do: 'report'; how: 'good' | 'failed' | 'refused' | 'interrupted' | 'unproven' | 'contradicted' | 'failed-measured' }
  | { do: 'go-on' | 'accept' | 'advance' | 'stop' | 'start' | 'start-other' | 'take-back' | 'unknown-report' | 'procedure' }
  | { do: 'decide'; accept: boolean }
  | { do: 'expire-review'; due: boolean }
  | { do: 'late-report'; which: number }
  | { do: 'expire'; wait: 'acceptance' | 'report'; due: boolean }
  | { do: 'observe'; version: string | null; health: 'healthy' | 'unhealthy' };

/** Mostly things go on, so that passages get far; each deed that disturbs comes often enough to hit every step. */
const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 40, arbitrary: fc.constant<Deed>({ do: 'go-on' }) },
  { weight: 3, arbitrary: fc.constant<Deed>({ do: 'advance' }) },
  { weight: 3, arbitrary: fc.record({
    do: fc.constant('report' as const),
    how: fc.constantFrom('good', 'failed', 'refused', 'interrupted', 'unproven', 'contradicted', 'failed-measured'),
  }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('expire' as const), wait: fc.constantFrom('acceptance', 'report'), due: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('accept', 'start', 'start-other', 'take-back', 'unknown-report') }) },
  { weight: 1, arbitrary: fc.constant<Deed>({ do: 'stop' }) },
  { weight: 3, arbitrary: fc.constant<Deed>({ do: 'procedure' }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('decide' as const), accept: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('expire-review' as const), due: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('late-report' as const), which: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.record({
    do: fc.constant('observe' as const), version: fc.constantFrom('v0.6.0', 'v0.7.0', null), health: fc.constantFrom('healthy', 'unhealthy'),
  }) },
);

/** Some steps may be repeated, one may not, and one measures the version before all changes are done. */
const sample = catalogue({
  runbooks: [
    runbook('before', [], [step('system', { attempts: 2 }), step('health', { attempts: 3, repeat: 'never' })]),
    runbook('backup', ['backup'], [step('backup'), step('backup-check')]),
    runbook('install', ['artifact', 'sha256', 'node'], [step('install', { attempts: 2 }), step('version'), step('migration'), step('review', { attempts: 2, decideMs: 600_000 })]),
    runbook('verify', ['to'], [step('version', { step: 'last', attempts: 2 }), step('feature')]),
    runbook('rollback', ['artifact', 'sha256', 'backup'], [step('install', { attempts: 2 }), step('restore'), step('version')]),
    runbook('mend', [], [step('health'), step('review', { decideMs: 600_000 }), step('command', { changes: true }), step('version')]),
  ],
  procedures: [{ procedure: 'mend', title: 'Mend it', runbooks: ['mend'], to: null }],
});
const product = productOf(sample);
const plans = [planOf(['n-1'], { catalogue: sample }), planOf(['n-1'], { rollout: 'r-2', catalogue: sample })] as const;

function reportOf(story: NodeStory, how: Extract<Deed, { do: 'report' }>['how']): Partial<StepReport> {
  const { kind } = story.order!;
  const { to, rollout, kind: phase } = story.passage!;
  const good = proof(kind, to, phase === 'procedure' ? `pre-${rollout}` : `pre-upgrade-${rollout}`);
  switch (how) {
    case 'good':
      return { facts: good, ...(kind === 'review' ? { output: shownOutput } : {}) };
    case 'unproven':
      return { facts: {} };
    case 'contradicted':
      return { facts: { ...good, version: 'v0.5.0', sha256: digest('f'), ok: false, health: 'unhealthy', matches: false } };
    case 'failed-measured':
      return { outcome: 'failed', reason: 'exit-code', facts: good };
    default:
      return { outcome: how, reason: 'said-so', facts: {} };
  }
}

/** Lets a deed happen, in whatever state the node is. */
function happen(story: NodeStory, one: Deed, at: string): void {
  const node = 'n-1';
  const { order } = story;
  switch (one.do) {
    case 'go-on':
      if (order) story.reports(reportOf(story, 'good'));
      story.advance(at);
      return;
    case 'report':
      if (order) story.reports(reportOf(story, one.how));
      return;
    case 'late-report': {
      const given = story.events.filter((event) => event.type === 'step.ordered');
      const old = given[one.which % Math.max(given.length, 1)];
      if (old && old.data.order !== order?.order) {
        story.tell({ type: 'record-report', node, order: old.data.order, agent: 'a-1', report: report(proof(old.data.kind, 'v0.7.0')) });
      }
      return;
    }
    case 'unknown-report':
      story.tell({ type: 'record-report', node, order: `r-1.n-1.${story.known.epoch + 1}.0.1`, agent: 'a-1', report: report({}) });
      return;
    case 'accept':
      if (order) story.accept();
      return;
    case 'advance':
      story.advance(at);
      return;
    case 'expire':
      if (order) story.tell({ type: 'expire-step', node, order: order.order, wait: one.wait, at: one.due ? order.finishBy : at });
      return;
    case 'stop':
      story.tell({ type: 'stop-upgrade', node, rollout: story.passage?.rollout ?? 'r-1', reason: 'rollout-aborted', at });
      return;
    case 'start':
    case 'start-other': {
      const { plan, digest: planDigest } = plans[one.do === 'start' ? 0 : 1];
      const waits = { acceptSeconds: 60, graceSeconds: 30 };
      story.tell({ type: 'start-upgrade', node, rollout: plan.rollout, planDigest, route: plan.routes[0]!, waits, at });
      return;
    }
    case 'procedure': {
      const id = `p-${story.known.epoch}`;
      const made = makeProcedure({ id, node, procedure: 'mend', to: null, at }, product, story.state);
      if (isRefused(made)) return;
      story.tell({ type: 'start-procedure', node, procedure: 'mend', id, ...made, waits: { acceptSeconds: 60, graceSeconds: 30 }, at });
      return;
    }
    case 'decide':
    case 'expire-review': {
      const asked = story.events.findLast((event) => event.type === 'review.requested')?.data;
      if (!asked) return;
      if (one.do === 'decide') story.tell({ type: 'decide-review', node, order: asked.order, accept: one.accept, reason: 'seen', at });
      else story.tell({ type: 'expire-review', node, order: asked.order, at: one.due ? asked.decideBy : at });
      return;
    }
    case 'take-back':
      story.tell({ type: 'start-rollback', node, rollout: story.known.lastUpgrade?.rollout ?? 'r-1', reason: 'rollout-taken-back', at });
      return;
    case 'observe':
      story.tell({ type: 'observe-node', node, version: one.version, health: one.health, source: 'schedule' });
      return;
  }
}

/** Plain and quick: an expectation costs more than a whole decision. */
function must(holds: boolean, says: string): void {
  if (!holds) throw new Error(says);
}

type Ordered = Extract<NodeEvent, { type: 'step.ordered' }>['data'];

/** Watches a node's events one by one and holds what must always hold. Knows nothing of the states that the rules keep. */
class Watch {
  private epoch = 0;
  private passage: 'upgrade' | 'rollback' | 'procedure' | undefined;
  private mustGoBack = false;
  private astray = false;
  private order: Ordered | undefined;
  private readonly orders = new Set<string>();
  /** Of the passage: whether something may have changed, the version measured since, and the steps found good. */
  private changed = false;
  private measured: string | undefined;
  private good: number[] = [];
  /** The steps that it has to go through. */
  private steps = 0;
  private wasAstray = false;
  /** The order whose output nobody has accepted yet, and whether a person is asked. */
  private unreviewed: string | undefined;
  private asked = false;

  see(event: NodeEvent): void {
    switch (event.type) {
      case 'upgrade.started':
      case 'rollback.started':
      case 'procedure.started':
        return this.begins(event);
      case 'review.requested':
      case 'review.accepted':
      case 'review.rejected':
      case 'review.expired':
        return this.reviewed(event);
      case 'step.ordered':
        return this.ordered(event.data);
      case 'step.reported':
        return this.reported(event.data);
      case 'step.expired':
        must(event.data.order === this.order?.order, 'only what is awaited can expire');
        // It may have been carried out unheard.
        this.changed ||= this.order!.changes;
        this.order = undefined;
        return;
      case 'upgrade.verified':
      case 'rollback.verified':
      case 'procedure.completed':
        return this.succeeds(event);
      case 'procedure.failed':
        must(this.passage === 'procedure' && !this.order, 'a procedure ends between two orders');
        must(event.data.changed === this.changed, 'a procedure says whether it may have changed the node');
        this.astray = this.changed || this.wasAstray;
        must(event.data.astray === this.astray, 'a procedure says how it leaves the node');
        this.passage = undefined;
        return;
      case 'upgrade.failed':
        must(this.passage === 'upgrade' && !this.order, 'an upgrade ends between two orders');
        must(event.data.changed === this.changed, 'an upgrade says whether it may have changed the node');
        this.mustGoBack = this.changed;
        this.passage = undefined;
        return;
      case 'rollback.failed':
        must(this.passage === 'rollback' && !this.order, 'a rollback ends between two orders');
        this.passage = undefined;
        this.astray = true;
        return;
      case 'node.health-observed':
        if (event.data.source !== 'verification' && event.data.health === 'healthy') this.astray = false;
        return;
      default:
    }
  }

  /** Once a decision is recorded whole: a changed node is on its way back at once, or it is known to be astray. */
  rest({ known, order }: NodeStory): void {
    must(!this.mustGoBack, 'a changed node ends by going back, or astray');
    must(known.epoch === this.epoch, 'the epoch is that of the last passage');
    must(known.activity.kind === (this.passage ? 'passage' : this.astray ? 'astray' : 'idle'), 'the node does what its events say');
    must(order?.order === this.order?.order, 'the order awaited is the one given');
  }

  private reviewed({ type, data }: Extract<NodeEvent, { type: `review.${string}` }>): void {
    must(data.order === this.unreviewed && data.phase === this.passage && !this.order, 'a review is of what the last step showed');
    must(this.asked === (type !== 'review.requested'), 'a review is asked for once, and decided once');
    this.asked = type === 'review.requested';
    // What was not accepted stays unreviewed: nothing may follow it but the end.
    if (type === 'review.accepted') this.unreviewed = undefined;
  }

  private begins({ type, data }: Extract<NodeEvent, { type: 'upgrade.started' | 'rollback.started' | 'procedure.started' }>): void {
    must(this.passage === undefined && !this.order, 'one passage at a time');
    must(data.epoch > this.epoch, 'epochs strictly rise');
    must(type !== 'upgrade.started' || (!this.astray && !this.mustGoBack), 'no upgrade of a node in an unknown state');
    const { upgrade, rollback } = data.route;
    const steps = (type === 'rollback.started' ? rollback : upgrade).length;
    Object.assign(this, { epoch: data.epoch, mustGoBack: false, wasAstray: this.astray, astray: false, changed: false, measured: undefined, good: [], steps, unreviewed: undefined, asked: false });
    this.passage = type.slice(0, type.indexOf('.')) as 'upgrade' | 'rollback' | 'procedure';
  }

  private ordered(data: Ordered): void {
    must(this.order === undefined, 'at most one order outstanding');
    must(data.phase === this.passage && data.epoch === this.epoch, 'an order is of the passage under way');
    must(!this.orders.has(data.order), 'no order is given twice');
    must(this.unreviewed === undefined, 'nothing follows what nobody has accepted');
    this.orders.add(data.order);
    this.order = data;
    if (data.changes) this.measured = undefined;
  }

  private reported(data: Extract<NodeEvent, { type: 'step.reported' }>['data']): void {
    must(data.order === this.order?.order, 'only what is awaited is reported');
    // Only an agent that refused surely did nothing.
    if (this.order!.changes && data.report.outcome !== 'refused') this.changed = true;
    if (data.kind === 'version' && data.good) this.measured = data.report.facts['version'] as string;
    must(!data.good || data.report.outcome === 'succeeded', 'no step is good that did not succeed');
    if (data.good) this.good.push(data.index);
    if (data.good && data.kind === 'review') this.unreviewed = data.order;
    this.order = undefined;
  }

  private succeeds({ type, data }: Extract<NodeEvent, { type: 'upgrade.verified' | 'rollback.verified' | 'procedure.completed' }>): void {
    must(type.startsWith(`${this.passage}.`) && !this.order && this.unreviewed === undefined, 'a passage ends as what it is, between two orders');
    must(this.measured === data.to || (type === 'procedure.completed' && !this.changed), 'verified means that the version was measured after the last change');
    must(this.good.join() === Array.from({ length: this.steps }, (_, i) => i).join(), 'verified means that every step was good, in its turn');
    this.passage = undefined;
    if (type === 'procedure.completed') this.astray = data.astray;
  }
}

const reached = new Map<string, number>();

function live(deeds: readonly Deed[]): NodeStory {
  const story = new NodeStory('n-1', plans[0]);
  const watch = new Watch();
  let at = clock(0);
  for (const one of [{ do: 'start' } as const, ...deeds]) {
    at = later(at, 7);
    const before = story.events.length;
    happen(story, one, at);
    for (const event of story.events.slice(before)) {
      watch.see(event);
      reached.set(event.type, (reached.get(event.type) ?? 0) + 1);
    }
    watch.rest(story);
  }
  return story;
}

const life = fc.array(deed, { minLength: 20, maxLength: 120 });

it('holds in whatever order reports, deadlines and people come', () => {
  fc.assert(fc.property(life, (deeds) => void live(deeds)), { numRuns: 800 });
  // What never happened was not shown.
  const wanted = [
    'upgrade.verified', 'upgrade.failed', 'rollback.verified', 'rollback.failed', 'step.expired', 'step.reported-late', 'review.accepted',
    'review.rejected', 'review.expired', 'procedure.completed', 'procedure.failed',
  ] as const;
  for (const type of wanted) {
    expect([type, (reached.get(type) ?? 0) > 10]).toEqual([type, true]);
  }
});

it('is the same when its events are read back, and decides the same on them again', () => {
  fc.assert(fc.property(life, (deeds) => {
    const story = live(deeds);
    const stored = story.events.map((event) => JSON.parse(canonicalJson(event)) as NodeEvent);
    expect(stored.reduce(evolveNode, noNode)).toEqual(story.state);
    for (const { before, command, decided } of story.chapters) {
      const then = stored.slice(0, before).reduce(evolveNode, noNode);
      expect(canonicalJson(nodeDecider.decide(command, then))).toBe(canonicalJson(decided));
    }
  }), { numRuns: 40 });
});

it('leaves the state of before as it was', () => {
  fc.assert(fc.property(life, (deeds) => {
    const story = live(deeds);
    let state = noNode;
    for (const event of story.events) {
      const before = canonicalJson(state);
      const after = evolveNode(state, event);
      expect(canonicalJson(state)).toBe(before);
      state = after;
    }
    expect(story.chapters.some(({ decided }) => !isRefused(decided) && decided.events.length > 0)).toBe(true);
  }), { numRuns: 20 });
});
