import { isDue } from '../../kernel/time.js';
import type { Instant } from '../../kernel/time.js';
import { judgeCanary } from '../canary/judge.js';
import type { GateStand } from './evolve.js';
import type { Gate, GateSample, Judgement } from './gate.js';
import { meets, parseThreshold } from './threshold.js';

/** What a sample is judged by besides itself. */
export interface Judging {
  gate: Gate;
  stand: GateStand;
  openedAt: Instant;
  takenAt: Instant;
  /** Of the plan: what chance is drawn from, so that it comes out the same again. */
  seed: string;
}

type Found = { is: 'good' | 'bad' | 'nothing'; reason: string; says: string; method: Judgement['method']; back?: boolean };

/**
 * What a sample means, from what is on record alone. Only what was measured and is good lets pass; what could not be
 * measured never does, and never takes back either.
 */
export function judgeGate(judging: Judging, samples: readonly GateSample[]): Judgement {
  const { gate, stand, takenAt } = judging;
  const [sample] = samples;
  if (gate.gate === 'canary') return judgeCanary({ ...judging, gate }, samples.flatMap((one) => (one.gate === 'canary' ? one.nodes : [])));
  const over = isDue(stand.dueBy, takenAt);
  if (gate.gate === 'manual') {
    const says = over ? 'Nobody has decided in time.' : 'Waits for a person.';
    return { verdict: 'hold', final: over, reason: over ? 'not-decided' : 'awaits-decision', says, good: 0, bad: 0, looks: 0, method: {} };
  }
  const found = sample?.gate === gate.gate ? findingOf(gate, sample) : nothing('no-sample', 'Nothing was measured.');
  const good = found.is === 'good' ? stand.good + 1 : 0;
  const bad = found.is === 'bad' ? stand.bad + 1 : 0;
  const base = { reason: found.reason, says: found.says, good, bad, looks: 0, method: { ...found.method, good, bad, passes: gate.passes, failures: gate.failures } };
  // Whoever was asked has spoken for himself.
  if (found.back) return { ...base, verdict: 'rollback', final: true };
  if (good >= gate.passes) return { ...base, verdict: 'promote', final: true };
  if (found.is === 'bad') return { ...base, verdict: gate.otherwise, final: bad >= gate.failures || over };
  if (found.is === 'good') return { ...base, verdict: 'hold', final: over, reason: over ? 'too-few-samples' : 'more-samples-wanted' };
  return { ...base, verdict: found.reason === 'threshold-unreadable' ? 'hold' : 'insufficient', final: over || found.reason === 'threshold-unreadable' };
}

type Measured = Exclude<Gate, { gate: 'canary' | 'manual' }>;

function findingOf(gate: Measured, sample: GateSample): Found {
  if (gate.gate === 'health' && sample.gate === 'health') return healthFinding(sample);
  if (gate.gate === 'prometheus' && sample.gate === 'prometheus') return prometheusFinding(gate, sample);
  if (gate.gate === 'webhook' && sample.gate === 'webhook') return webhookFinding(sample);
  return nothing('no-sample', 'Nothing was measured.');
}

function nothing(reason: string, says: string, method: Judgement['method'] = {}): Found {
  return { is: 'nothing', reason, says, method };
}

function healthFinding({ nodes, ok, failedCount, unknownCount, failed, unknown }: Extract<GateSample, { gate: 'health' }>): Found {
  const method = { nodes, ok, failed: failedCount, unknown: unknownCount };
  if (nodes === 0) return nothing('group-empty', 'The wave has no upgraded node to look at.', method);
  if (failedCount > 0) return { is: 'bad', reason: 'nodes-unhealthy', says: `${failedCount} of ${nodes} nodes are not healthy: ${listed(failed, failedCount)}.`, method };
  if (unknownCount > 0) return nothing('nodes-unknown', `Of ${unknownCount} of ${nodes} nodes nobody knows how they are: ${listed(unknown, unknownCount)}.`, method);
  return { is: 'good', reason: 'nodes-healthy', says: `All ${ok} nodes are healthy at the new version.`, method };
}

function prometheusFinding({ threshold, query }: Extract<Gate, { gate: 'prometheus' }>, sample: Extract<GateSample, { gate: 'prometheus' }>): Found {
  const limit = parseThreshold(threshold);
  if (!limit) return nothing('threshold-unreadable', `The threshold ${JSON.stringify(threshold)} cannot be read; write it like "< 0.05".`);
  const method = { query, threshold, series: sample.series };
  switch (sample.outcome) {
    case 'empty':
      return nothing('no-data', 'The query has no value.', method);
    case 'not-a-number':
      return nothing('not-a-number', 'The query has a value that is no number.', method);
    case 'unreadable':
    case 'unreachable':
      return nothing(sample.outcome, `Prometheus could not be asked: ${sample.says ?? sample.outcome}.`, method);
    case 'values': {
      const wrong = sample.values.filter((value) => !meets(limit, value));
      if (sample.values.length === 0) return nothing('no-data', 'The query has no value.', method);
      if (wrong.length === 0) return { is: 'good', reason: 'within-threshold', says: `${sample.values.join(', ')} is ${threshold}.`, method };
      return { is: 'bad', reason: 'beyond-threshold', says: `${wrong.join(', ')} is not ${threshold}.`, method };
    }
  }
}

function webhookFinding({ outcome, verdict, status, says }: Extract<GateSample, { gate: 'webhook' }>): Found {
  const method = { status };
  if (outcome !== 'answered') return nothing(outcome, `The webhook gave no verdict: ${says ?? outcome}.`, method);
  const words = says === null ? '' : `: ${says}`;
  if (verdict === 'promote') return { is: 'good', reason: 'webhook-promotes', says: `The webhook lets pass${words}.`, method };
  if (verdict === 'rollback') return { is: 'bad', reason: 'webhook-rolls-back', says: `The webhook asks to go back${words}.`, method, back: true };
  if (verdict === 'hold') return nothing('webhook-holds', `The webhook holds${words}.`, method);
  return nothing('unreadable', 'The webhook gave no verdict that can be read.', method);
}

function listed(names: readonly string[], count: number): string {
  const shown = names.slice(0, 10);
  return `${shown.join(', ')}${count > shown.length ? ` and ${count - shown.length} more` : ''}`;
}
