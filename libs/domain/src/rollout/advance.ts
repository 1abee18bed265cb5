import { accept, nothing } from '../kernel/decision.js';
import type { Decision } from '../kernel/decision.js';
import type { Instant } from '../kernel/time.js';
import { beginBaseline } from './canary/groups.js';
import { gatesAfter } from './gates/check.js';
import { passGates } from './gates/open.js';
import type { EndState, Member, Place, Rollout, RolloutEvent, StopReason, WaveTally } from './rollout.js';

/** Nodes in one event at most, so that its envelope stays within 64 KiB; a target's version makes it longer. */
export const nodesPerEvent = 500;
export const targetsPerEvent = 350;

/** What a rollout does next, from nothing but what its stream says; `at` is what waits begin at. Quiet when it has to wait. */
export function advanceRollout(state: Rollout, at: Instant): Decision<RolloutEvent> {
  switch (state.status) {
    case 'running':
      return running(state, at);
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

function running(state: Rollout, at: Instant): Decision<RolloutEvent> {
  const { strategy } = state.header;
  const { tally } = state;
  const wave = state.waves[state.passed];
  const away = tally['under-way'];
  const reason = tooBad(state, wave);
  if (reason) return stop(state, reason);
  if (!wave) return away === 0 ? complete(state, endOfRun(state)) : nothing;
  const open = isCondemned(state, wave) ? 0 : wave.end - state.admitted;
  if (open <= 0) return away === 0 ? afterWave(state, wave, at) : nothing;
  const baseline = beginBaseline(state, at);
  if (baseline) return baseline;
  // A node left astray may be down: it takes a place of those that may be away.
  const places = strategy.maxUnavailable - away - tally.astray;
  if (places <= 0) return away === 0 ? stop(state, 'no-node-to-spare') : nothing;
  return admit(state, Math.min(places, open));
}

function admit(state: Rollout, count: number): Decision<RolloutEvent> {
  const { rollout } = state.header;
  const nodes = Array.from({ length: count }, (_, i) => state.members.at(state.admitted + i).node);
  return accept(...inChunks(nodes).map((chunk): RolloutEvent => ({ type: 'rollout.nodes-admitted', data: { rollout, nodes: chunk } })));
}

/** What stops a rollout whatever else it could do. Failed canaries are their gate's to judge. */
function tooBad(state: Rollout, wave: WaveTally | undefined): StopReason | undefined {
  const { failureLimit, missingLimit, errorPercent } = state.header.strategy;
  if (missingLimit !== null && state.missing > missingLimit) return 'nodes-missing';
  const limited = state.waves.reduce((sum, one, i) => sum + (canaryAfter(state, i + 1) ? 0 : one.failed), 0);
  if (limited > failureLimit) return 'failure-limit';
  const tooMany = errorPercent !== null && wave !== undefined && wave.failed * 100 > errorPercent * wave.nodes;
  return tooMany && !canaryAfter(state, state.passed + 1) ? 'error-threshold' : undefined;
}

function canaryAfter({ header: { strategy } }: Rollout, wave: number): boolean {
  return gatesAfter(strategy.gates, wave).some((i) => strategy.gates[i]!.gate === 'canary');
}

/** Whether so many canaries have failed that no more of them are tried. */
function isCondemned(state: Rollout, wave: WaveTally): boolean {
  const { gates } = state.header.strategy;
  const canary = gatesAfter(gates, state.passed + 1).map((i) => gates[i]!).find((gate) => gate.gate === 'canary');
  return canary !== undefined && canary.gate === 'canary' && wave.failed >= canary.limits.failures;
}

/** All nodes of a wave have ended: it was good enough, its gates are asked, or it is over. */
function afterWave(state: Rollout, wave: WaveTally, at: Instant): Decision<RolloutEvent> {
  const { rollout, strategy } = state.header;
  const { successPercent } = strategy;
  const number = state.passed + 1;
  if (successPercent !== null && !canaryAfter(state, number) && wave.verified * 100 < successPercent * wave.nodes) return stop(state, 'success-threshold');
  const gates = gatesAfter(strategy.gates, number);
  const gated = gates.length > 0 ? passGates(state, number, gates, at) : undefined;
  if (gated) return gated;
  // A rollout in one piece ends with its last node.
  if (gates.length === 0 && state.waves.length === 1) return complete(state, endOfRun(state));
  return accept({ type: 'rollout.wave-passed', data: { rollout, wave: number } });
}

/** A skipped node was never touched: it did not fail, but the rollout did not succeed on it either. */
function endOfRun({ tally }: Rollout): EndState {
  return tally.failed + tally['rolled-back'] + tally.astray + tally.skipped === 0 ? 'succeeded' : 'partial';
}

function endOfStopped(state: Rollout): EndState {
  return state.stop === 'aborted' ? 'aborted' : 'failed';
}

function stop(state: Rollout, reason: StopReason): Decision<RolloutEvent> {
  return accept({ type: 'rollout.stopped', data: { rollout: state.header.rollout, reason } });
}

function complete(state: Rollout, end: EndState): Decision<RolloutEvent> {
  return accept({ type: 'rollout.completed', data: { rollout: state.header.rollout, state: end } });
}

/** Places from which a node can be taken back. */
const returnable: readonly Place[] = ['verified', 'astray'];

export function hasReturnable(state: Rollout): boolean {
  return returnable.some((place) => state.tally[place] > 0);
}

export function isReturnable(state: Rollout, node: string): boolean {
  const at = state.index.get(node);
  return at !== undefined && returnable.includes(state.members.at(at).place);
}

function inScope({ scope }: Rollout, { node, wave }: Member): boolean {
  if (scope === null) return true;
  return 'wave' in scope ? scope.wave === wave : scope.nodes.includes(node);
}

/** Wave by wave from the last one: none is begun before all of a later one have ended. */
function rollingBack(state: Rollout): Decision<RolloutEvent> {
  const { rollout, strategy } = state.header;
  const places = strategy.maxUnavailable - state.tally.recalling;
  let wave = state.tally.recalling > 0 && state.recalled < state.members.length ? state.members.at(state.recalled).wave : undefined;
  const nodes: string[] = [];
  for (let i = state.recalled - 1; i >= 0 && nodes.length < places; i--) {
    const member = state.members.at(i);
    if (!returnable.includes(member.place) || !inScope(state, member)) continue;
    wave ??= member.wave;
    if (member.wave !== wave) break;
    nodes.push(member.node);
  }
  if (nodes.length > 0) {
    return accept(...inChunks(nodes).map((chunk): RolloutEvent => ({ type: 'rollout.nodes-recalled', data: { rollout, nodes: chunk } })));
  }
  return state.tally.recalling > 0 ? nothing : complete(state, endOfRollback(state));
}

/** Of a part that was taken back the rest still runs what the rollout brought. */
function endOfRollback(state: Rollout): EndState {
  const { tally, scope, members } = state;
  const astray = tally.astray > 0 && (scope === null || [...members].some((member) => member.place === 'astray' && inScope(state, member)));
  if (astray) return 'rollback-failed';
  return scope !== null && hasReturnable(state) ? 'partial' : 'rolled-back';
}

function inChunks(nodes: string[]): string[][] {
  const chunks: string[][] = [];
  for (let i = 0; i < nodes.length; i += nodesPerEvent) chunks.push(nodes.slice(i, i + nodesPerEvent));
  return chunks;
}
