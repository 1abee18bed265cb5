import { accept, nothing, refuse } from '../../kernel/decision.js';
import type { Decision } from '../../kernel/decision.js';
import { later } from '../../kernel/time.js';
import type { Instant } from '../../kernel/time.js';
import type { Rollout, RolloutEvent } from '../rollout.js';
import type { GateSample, WatchedNode } from './gate.js';
import { judgeGate } from './judge.js';

export interface RecordSample {
  type: 'record-gate-sample';
  rollout: string;
  wave: number;
  round: number;
  gate: number;
  /** From 1; only the next one is taken. */
  sample: number;
  found: GateSample;
  at: Instant;
}

/** Nodes in one sample event at most. */
const nodesPerSample = 60;

/** Records what was found, in parts that fit, and judges it at once. A sample that somebody else took before is not taken again. */
export function recordSample(command: RecordSample, state: Rollout): Decision<RolloutEvent> {
  const { rollout, wave, round, gate, sample, found, at } = command;
  if (state.status !== 'running' && state.status !== 'paused') return nothing;
  const { gates, header, digest } = state;
  if (gates?.wave !== wave || gates.round !== round) return nothing;
  const stand = gates.stands.find((one) => one.gate === gate);
  if (!stand || stand.verdict !== null || stand.samples + 1 !== sample) return nothing;
  const of = { rollout, wave, round, gate, sample };
  const parts = partsOf(found);
  const judged = judgeGate({ gate: header.strategy.gates[gate]!, stand, openedAt: gates.openedAt, takenAt: at, seed: digest }, parts);
  const holds = judged.final && (judged.verdict === 'hold' || judged.verdict === 'insufficient');
  return accept(
    ...parts.map((part, i): RolloutEvent => ({ type: 'rollout.gate-sampled', data: { ...of, takenAt: at, found: part, part: i + 1, parts: parts.length } })),
    { type: 'rollout.gate-judged', data: { ...of, ...judged, holdBy: holds ? later(at, header.strategy.pauseSeconds) : null } },
  );
}

function partsOf(found: GateSample): GateSample[] {
  if (found.gate !== 'canary' || found.nodes.length <= nodesPerSample) return [found];
  const parts: GateSample[] = [];
  for (let i = 0; i < found.nodes.length; i += nodesPerSample) {
    const nodes: WatchedNode[] = found.nodes.slice(i, i + nodesPerSample);
    parts.push({ gate: 'canary', nodes });
  }
  return parts;
}

/** A person's word on a gate that is open or holds. */
export function decideGate(command: { rollout: string; gate: number | null; accept: boolean; reason: string }, state: Rollout): Decision<RolloutEvent> {
  const { rollout, gate, accept: accepted, reason } = command;
  const open = state.status === 'running' || state.status === 'paused' ? (state.gates?.stands ?? []) : [];
  const waiting = open.filter((stand) => stand.verdict !== 'promote' && stand.verdict !== 'rollback' && (gate === null || stand.gate === gate));
  const { strategy } = state.header;
  // Where none is named it is the one that cannot go on without a person.
  const asking = waiting.filter((stand) => stand.verdict !== null || strategy.gates[stand.gate]!.gate === 'manual');
  const meant = gate === null && asking.length > 0 ? asking : waiting;
  if (meant.length === 0 || !state.gates) return refuse('gate-not-open', { rollout });
  if (meant.length > 1) return refuse('gate-ambiguous', { rollout, gates: meant.map((stand) => `${stand.gate} (${strategy.gates[stand.gate]!.gate})`) });
  const { wave, round, held, stands } = state.gates;
  // What a gate held goes on, unless another one holds it too; what a person paused stays paused.
  const others = stands.some((stand) => stand.gate !== meant[0]!.gate && (stand.verdict === 'hold' || stand.verdict === 'insufficient'));
  const goesOn = held && !(accepted && others);
  return accept({ type: 'rollout.gate-decided', data: { rollout, wave, round, gate: meant[0]!.gate, accept: accepted, reason, goesOn } });
}
