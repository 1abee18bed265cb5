import { accept, nothing } from '../kernel/decision.js';
import type { Decision } from '../kernel/decision.js';
import type { EndState, Place, Rollout, RolloutEvent } from './rollout.js';

/** Nodes in one event at most, so that its envelope stays within 64 KiB; a target's version makes it longer. */
export const nodesPerEvent = 500;
export const targetsPerEvent = 350;

/** What a rollout does next, from nothing but what its stream says. Quiet when it has to wait. */
export function advanceRollout(state: Rollout): Decision<RolloutEvent> {
  switch (state.status) {
    case 'running':
      return running(state);
    case 'stopping':
      return state.tally['under-way'] === 0 ? complete(state, endOfStopped(state)) : nothing;
    case 'rolling-back':
      return rollingBack(state);
    case 'planned':
    case 'paused':
    case 'ended':
      return nothing;
  }
}

function running(state: Rollout): Decision<RolloutEvent> {
  const { rollout, strategy } = state.header;
  const { tally } = state;
  const away = tally['under-way'];
  if (failures(state) > strategy.failureLimit) return accept({ type: 'rollout.stopped', data: { rollout, reason: 'failure-limit' } });
  const waiting = state.members.length - state.admitted;
  if (waiting === 0) return away === 0 ? complete(state, endOfRun(state)) : nothing;
  // A node left astray may be down: it takes a place of those that may be away.
  const places = strategy.maxUnavailable - away - tally.astray;
  if (places <= 0) {
    return away === 0 ? accept({ type: 'rollout.stopped', data: { rollout, reason: 'no-node-to-spare' } }) : nothing;
  }
  const nodes = Array.from({ length: Math.min(places, waiting) }, (_, i) => state.members.at(state.admitted + i).node);
  return accept(...inChunks(nodes).map((chunk): RolloutEvent => ({ type: 'rollout.nodes-admitted', data: { rollout, nodes: chunk } })));
}

/** A skipped node was never touched: it did not fail, but the rollout did not succeed on it either. */
function failures(state: Rollout): number {
  return state.tally.failed + state.tally['rolled-back'] + state.tally.astray;
}

function endOfRun(state: Rollout): EndState {
  return failures(state) === 0 && state.tally.skipped === 0 ? 'succeeded' : 'partial';
}

function endOfStopped(state: Rollout): EndState {
  return state.stop === 'aborted' ? 'aborted' : 'failed';
}

function complete(state: Rollout, end: EndState): Decision<RolloutEvent> {
  return accept({ type: 'rollout.completed', data: { rollout: state.header.rollout, state: end } });
}

/** Places from which a node can be taken back. */
const returnable: readonly Place[] = ['verified', 'astray'];

export function hasReturnable(state: Rollout): boolean {
  return returnable.some((place) => state.tally[place] > 0);
}

function rollingBack(state: Rollout): Decision<RolloutEvent> {
  const { rollout, strategy } = state.header;
  const places = strategy.maxUnavailable - state.tally.recalling;
  const nodes: string[] = [];
  for (let i = state.recalled - 1; i >= 0 && nodes.length < places; i--) {
    const member = state.members.at(i);
    if (returnable.includes(member.place)) nodes.push(member.node);
  }
  if (nodes.length > 0) {
    return accept(...inChunks(nodes).map((chunk): RolloutEvent => ({ type: 'rollout.nodes-recalled', data: { rollout, nodes: chunk } })));
  }
  if (state.tally.recalling > 0) return nothing;
  return complete(state, state.tally.astray > 0 ? 'rollback-failed' : 'rolled-back');
}

function inChunks(nodes: string[]): string[][] {
  const chunks: string[][] = [];
  for (let i = 0; i < nodes.length; i += nodesPerEvent) chunks.push(nodes.slice(i, i + nodesPerEvent));
  return chunks;
}
