import { accept, nothing, refuse } from '../kernel/decision.js';
import type { Decision } from '../kernel/decision.js';
import { isDue, later } from '../kernel/time.js';
import type { Instant } from '../kernel/time.js';
import { evolveNode } from './node.js';
import type { KnownNode, NodeEvent, NodeState, StepReport } from './node.js';
import { detailOf, judge } from './judge.js';
import { requestReview } from './review.decide.js';
import { isUnderWay, orderId, passageData, procedureData, stepsOf, valuesOf } from './passage.js';
import type { Passage, Route, Waits } from './passage.js';

export interface StartUpgrade {
  type: 'start-upgrade';
  node: string;
  rollout: string;
  planDigest: string;
  route: Route;
  waits: Waits;
  at: Instant;
}

/** Begins a passage with its first order. Asking again for the same passage records nothing. */
export function startUpgrade(command: StartUpgrade, state: KnownNode): Decision<NodeEvent> {
  const { node, rollout, planDigest, route, waits, at } = command;
  if (state.activity.kind === 'passage' && state.activity.passage.rollout === rollout) return nothing;
  if (state.lastUpgrade?.rollout === rollout) return nothing;
  const notNow = notFree(state);
  if (notNow) return notNow;
  if (state.version === null) return refuse('node-version-unknown', { node });
  if (state.version !== route.from) return refuse('node-version-changed', { node, version: state.version, from: route.from });
  const started: NodeEvent = { type: 'upgrade.started', data: { node, product: state.product, rollout, from: route.from, to: route.to, planDigest, epoch: state.epoch + 1, route, waits } };
  return withNext(state, [started], at);
}

export function notFree(state: KnownNode): ReturnType<typeof refuse> | undefined {
  if (state.activity.kind === 'passage') return busy(state, state.activity.passage);
  if (state.activity.kind === 'astray') return refuse('node-needs-care', { node: state.node, reason: state.activity.reason });
  return undefined;
}

export function busy({ node }: KnownNode, { procedure, rollout }: Passage): ReturnType<typeof refuse> {
  return procedure === null ? refuse('node-busy', { node, rollout }) : refuse('node-in-procedure', { node, procedure, id: rollout });
}

/** Begins the rollback of an upgrade that ended, for a rollout that is taken back. */
export function startRollback(command: { node: string; rollout: string; reason: string; at: Instant }, state: KnownNode): Decision<NodeEvent> {
  const last = state.lastUpgrade;
  if (last?.rollout !== command.rollout) return refuse('node-not-upgraded', { node: command.node, rollout: command.rollout });
  // Its own upgrade or rollback, then: a passage of another rollout would have made that one the last.
  if (state.activity.kind === 'passage' || !last.stands) return nothing;
  if (state.activity.kind === 'idle' && state.version !== last.route.to) {
    // Somebody has moved it since then. What they did is not ours to undo.
    if (state.version === last.route.from) return nothing;
    return refuse('node-version-changed', { node: command.node, version: state.version, from: last.route.to });
  }
  return withNext(state, [rollbackStarted(state, last, command.reason)], command.at);
}

function rollbackStarted(state: KnownNode, last: NonNullable<KnownNode['lastUpgrade']>, reason: string): NodeEvent {
  const { rollout, planDigest, route, waits, backup, baselineMs } = last;
  return { type: 'rollback.started', data: { node: state.node, product: state.product, rollout, from: route.to, to: route.from, planDigest, epoch: state.epoch + 1, route, waits, backup, baselineMs, reason } };
}

/** What follows from where the passage stands: the next order, a repeat, the end, or the way back. */
export function advance(at: Instant, state: KnownNode): Decision<NodeEvent> {
  return withNext(state, [], at);
}

/** The given events and all that they entail at once. */
export function withNext(state: KnownNode, events: NodeEvent[], at: Instant): Decision<NodeEvent> {
  const all = [...events];
  let now = events.reduce((before, event) => evolveNode(before, event), state as NodeState) as KnownNode;
  for (;;) {
    const more = next(now, at);
    if (more.length === 0) return accept(...all);
    all.push(...more);
    now = more.reduce((before, event) => evolveNode(before, event), now as NodeState) as KnownNode;
  }
}

function next(state: KnownNode, at: Instant): NodeEvent[] {
  if (state.activity.kind !== 'passage') return [];
  const { passage } = state.activity;
  if (isUnderWay(passage)) return [];
  const { step } = passage;
  if (step.at === 'bad') return afterBad(state, passage, step, at);
  if (passage.stopping !== null && passage.kind === 'upgrade') return giveUp(state, passage, { step: null, reason: passage.stopping });
  if (step.at === 'to-review') return [requestReview(state, passage, step, at)];
  if (step.at === 'in-review') return [];
  const index = step.at === 'good' ? step.index + 1 : 0;
  return index < stepsOf(passage).length ? [order(state, passage, index, 1, at)] : finish(state, passage);
}

function afterBad(state: KnownNode, passage: Passage, step: Extract<Passage['step'], { at: 'bad' }>, at: Instant): NodeEvent[] {
  const planned = stepsOf(passage)[step.index]!;
  const mayRepeat = planned.repeat !== 'never' && step.attempt < planned.attempts && passage.stopping === null;
  if (mayRepeat) return [order(state, passage, step.index, step.attempt + 1, at)];
  return giveUp(state, passage, { step: planned.step, reason: step.reason, detail: step.detail, inconsistent: step.inconsistent });
}

/** Ends a passage that did not succeed; an upgrade that may have changed the node turns into its rollback. */
function giveUp(state: KnownNode, passage: Passage, why: { step: string | null; reason: string; detail?: string | null; inconsistent?: boolean }): NodeEvent[] {
  const { step, reason, detail = null, inconsistent = false } = why;
  const data = passageData({ ...state, passage });
  if (passage.kind === 'rollback') return [{ type: 'rollback.failed', data: { ...data, step, reason, detail } }];
  if (passage.kind === 'procedure') return [{ type: 'procedure.failed', data: { ...data, ...procedureData(passage), step, reason, detail, changed: passage.changed, astray: passage.changed || passage.wasAstray !== null } }];
  const result = inconsistent ? 'inconsistent' : passage.result;
  const failed: NodeEvent = { type: 'upgrade.failed', data: { ...data, step, reason, detail, result, changed: passage.changed } };
  if (!passage.changed) return [failed];
  const after = evolveNode(state, failed) as KnownNode;
  return [failed, rollbackStarted(after, after.lastUpgrade!, reason)];
}

/** All steps were good. That is not yet success: the version must have been measured after the last change. */
function finish(state: KnownNode, passage: Passage): NodeEvent[] {
  const data = passageData({ ...state, passage });
  // What has changed nothing has nothing to measure.
  const looked = passage.kind === 'procedure' && !passage.changed;
  if (!looked && passage.measured !== passage.to) return giveUp(state, passage, { step: null, reason: 'version-not-measured' });
  if (passage.kind === 'upgrade') return [{ type: 'upgrade.verified', data }];
  if (passage.kind === 'procedure') {
    const { changed, wasAstray } = passage;
    // What has not changed a node does not settle one that was astray.
    return [{ type: 'procedure.completed', data: { ...data, ...procedureData(passage), changed, astray: wasAstray !== null && !changed } }];
  }
  return [{ type: 'rollback.verified', data: { ...data, restored: passage.restored } }];
}

function order(state: KnownNode, passage: Passage, index: number, attempt: number, at: Instant): NodeEvent {
  const step = stepsOf(passage)[index]!;
  const { rollout, epoch, waits, kind } = passage;
  const values: { [name: string]: string } = { ...valuesOf(passage, step), rollout, node: state.node };
  const parameters = Object.fromEntries(step.parameters.map((name) => [name, values[name] ?? '']));
  const acceptBy = later(at, waits.acceptSeconds);
  return {
    type: 'step.ordered',
    data: {
      node: state.node, rollout, order: orderId(rollout, state.node, epoch, index, attempt), epoch, index, attempt, phase: kind,
      site: state.site, product: state.product, runbook: step.runbook, digest: step.digest, step: step.step, kind: step.kind, title: step.title,
      changes: step.changes, parameters, timeoutSeconds: step.timeoutSeconds, acceptBy,
      finishBy: later(acceptBy, step.timeoutSeconds + waits.graceSeconds),
    },
  };
}

/** The order under way, when it is the one asked for. */
function current(state: KnownNode, orderAsked: string) {
  if (state.activity.kind !== 'passage') return undefined;
  const { passage } = state.activity;
  const { step } = passage;
  if ((step.at !== 'ordered' && step.at !== 'accepted') || step.order !== orderAsked) return undefined;
  return { passage, step };
}

export function recordAcceptance(command: { order: string; agent: string; acceptedAt: Instant }, state: KnownNode): Decision<NodeEvent> {
  const found = current(state, command.order);
  if (!found || found.step.at === 'accepted') return wasGiven(command.order, state) ? nothing : unknownOrder(command.order, state);
  const { passage, step } = found;
  return accept({ type: 'step.accepted', data: { ...orderData(state, passage, step), agent: command.agent, acceptedAt: command.acceptedAt, finishBy: step.finishBy } });
}

/** Records a report and what it proves. A report on an order that is no longer awaited is kept and changes nothing. */
export function recordReport(command: { order: string; agent: string; report: StepReport }, state: KnownNode): Decision<NodeEvent> {
  const { order: asked, agent, report } = command;
  const found = current(state, asked);
  if (!found) {
    if (!wasGiven(asked, state)) return unknownOrder(asked, state);
    return accept({ type: 'step.reported-late', data: { node: state.node, order: asked, agent, report } });
  }
  const { passage, step } = found;
  const planned = stepsOf(passage)[step.index]!;
  const verdict = judge(state, passage, planned, report);
  const reported: NodeEvent = {
    type: 'step.reported',
    data: {
      ...orderData(state, passage, step), agent, step: planned.step, title: planned.title, kind: planned.kind, good: verdict.good,
      inconsistent: !verdict.good && verdict.inconsistent, verdict: verdict.good ? null : verdict.reason,
      detail: verdict.good ? null : detailOf(report), report,
    },
  };
  return accept(reported, ...verdict.proven);
}

export function expireStep(command: { order: string; wait: 'acceptance' | 'report'; at: Instant }, state: KnownNode): Decision<NodeEvent> {
  const found = current(state, command.order);
  if (!found) return nothing;
  const { passage, step } = found;
  if (command.wait === 'acceptance' && step.at !== 'ordered') return nothing;
  const deadline = command.wait === 'acceptance' ? step.acceptBy : step.finishBy;
  if (!isDue(deadline, command.at)) return nothing;
  return accept({ type: 'step.expired', data: { ...orderData(state, passage, step), wait: command.wait, deadline } });
}

/** Asks an upgrade to end after the step under way; a rollback is never stopped half-way. */
export function stopUpgrade(command: { rollout: string; reason: string; at: Instant }, state: KnownNode): Decision<NodeEvent> {
  if (state.activity.kind !== 'passage') return nothing;
  const { passage } = state.activity;
  if (passage.rollout !== command.rollout || passage.kind !== 'upgrade' || passage.stopping !== null) return nothing;
  const asked: NodeEvent = { type: 'upgrade.stop-asked', data: { ...passageData({ ...state, passage }), reason: command.reason } };
  return withNext(state, [asked], command.at);
}

function orderData(state: KnownNode, passage: Passage, step: { order: string; index: number; attempt: number }) {
  return { node: state.node, rollout: passage.rollout, order: step.order, epoch: passage.epoch, index: step.index, attempt: step.attempt };
}

/** Whether an order id can have come from here: this node, and an epoch that has been. */
function wasGiven(asked: string, state: KnownNode): boolean {
  const [, node, epoch] = /^[^.]+\.(.+)\.(\d+)\.\d+\.\d+$/.exec(asked) ?? [];
  return node === state.node && Number(epoch) >= 1 && Number(epoch) <= state.epoch;
}

function unknownOrder(asked: string, state: KnownNode) {
  return refuse('order-unknown', { node: state.node, order: asked });
}
