import { refuse } from '../../kernel/decision.js';
import type { Refusal } from '../../kernel/refusals.js';
import type { RolloutStrategy } from '../strategy.js';
import type { CanaryGate, Gate } from './gate.js';

type Checked = { refusal: Refusal } | undefined;
type Range = readonly [number, number];

export const gatesMax = 20;
const day = 24 * 3600;

/** Numbers of gates, and between what they must lie. */
const ranges: { [field: string]: Range } = {
  after: [1, 100],
  everySeconds: [1, day],
  withinSeconds: [1, 30 * day],
  passes: [1, 1000],
  failures: [1, 1000],
  soakSeconds: [1, 30 * day],
  warmUpSeconds: [0, 30 * day],
  baselineSeconds: [0, 30 * day],
  looks: [1, 20],
  control: [0, 200],
};

const webAddress = /^https?:\/\/[^\s/]+/;

export function checkGates({ kind, gates }: RolloutStrategy): Checked {
  if (gates.length > gatesMax) return refuse('strategy-invalid', { field: 'gates', allowed: `at most ${gatesMax} gates` });
  for (const [i, gate] of gates.entries()) {
    const wrong = checkGate(`gates[${i}]`, gate);
    if (wrong) return wrong;
  }
  const canaries = gates.filter((gate) => gate.gate === 'canary').length;
  if (canaries > 1) return refuse('strategy-invalid', { field: 'gates', allowed: 'one canary gate at most' });
  if (kind === 'canary' && canaries === 0) return refuse('strategy-invalid', { field: 'gates', allowed: 'a canary gate, since that is the strategy' });
  return undefined;
}

function checkGate(field: string, gate: Gate): Checked {
  for (const [name, value] of Object.entries(gate)) {
    const range = ranges[name];
    if (range === undefined || (name === 'after' && value === null)) continue;
    if (!Number.isInteger(value) || (value as number) < range[0] || (value as number) > range[1]) {
      return refuse('strategy-invalid', { field: `${field}.${name}`, allowed: `a whole number from ${range[0]} to ${range[1]}` });
    }
  }
  if ('url' in gate && !webAddress.test(gate.url)) return refuse('strategy-invalid', { field: `${field}.url`, allowed: 'an address starting with http:// or https://' });
  return gate.gate === 'canary' ? checkCanary(field, gate) : undefined;
}

function checkCanary(field: string, gate: CanaryGate): Checked {
  const say = (name: string, allowed: string) => refuse('strategy-invalid', { field: `${field}.${name}`, allowed });
  if (gate.after !== 1) return say('after', '1: canaries are the first wave');
  if (gate.warmUpSeconds >= gate.soakSeconds) return say('warmUpSeconds', 'shorter than the soak');
  if (gate.withinSeconds < gate.soakSeconds) return say('withinSeconds', 'no shorter than the soak');
  if (gate.metrics.length > 10) return say('metrics', 'at most ten');
  const names = gate.metrics.map((one) => one.metric);
  if (new Set(names).size < names.length) return say('metrics', 'each metric once');
  for (const [name, value] of Object.entries(gate.limits)) {
    const share = !['priorNodes', 'failures', 'ratio', 'counts', 'exposure'].includes(name);
    if (!Number.isFinite(value) || value < 0 || (share && value > 1)) return say(`limits.${name}`, share ? 'a number from 0 to 1' : 'a number not below 0');
  }
  return undefined;
}

/** The gates that stand after a wave, by their place in the strategy. */
export function gatesAfter(gates: readonly Gate[], wave: number): number[] {
  return gates.flatMap((gate, i) => (gate.after === null || gate.after === wave ? [i] : []));
}
