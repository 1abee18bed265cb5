import { isRefused, refuse } from '../kernel/decision.js';
import type { Refusal } from '../kernel/refusals.js';
import { checkGates } from './gates/check.js';
import type { Gate } from './gates/gate.js';

/** Some of a rollout's nodes: so many, so many in a hundred of all, or these. What no wave names is the last wave. */
export type Wave = { size: number } | { percent: number } | { nodes: string[] };

/** How a rollout goes over its nodes. Every wait is in seconds and has an end. */
export interface RolloutStrategy {
  kind: 'rolling' | 'canary' | 'blue-green';
  /** Nodes that may be away at the same time: under way, or left unfit. */
  maxUnavailable: number;
  /** Nodes that may fail before the rollout stops. */
  failureLimit: number;
  /** Nodes that may vanish, that is, no longer answer, before it stops; null: they only count as failed. */
  missingLimit: number | null;
  /** Of a wave's nodes, the percentage that may fail; beyond it the rollout stops at once. */
  errorPercent: number | null;
  /** Of a wave's nodes, the percentage that must be measured at the new version before the next wave begins. */
  successPercent: number | null;
  waves: Wave[];
  gates: Gate[];
  /** For an agent to take an order. */
  acceptSeconds: number;
  /** For a report, beyond the step's own time-out. */
  graceSeconds: number;
  /** For a paused or held rollout to be resumed; then it is aborted. */
  pauseSeconds: number;
}

export const defaultStrategy: RolloutStrategy = {
  kind: 'rolling',
  maxUnavailable: 1,
  failureLimit: 0,
  missingLimit: null,
  errorPercent: null,
  successPercent: null,
  waves: [],
  gates: [],
  acceptSeconds: 120,
  graceSeconds: 30,
  pauseSeconds: 24 * 3600,
};

export const wavesMax = 100;
const kinds: readonly RolloutStrategy['kind'][] = ['rolling', 'canary', 'blue-green'];

const ranges = {
  maxUnavailable: [1, 100_000],
  failureLimit: [0, 100_000],
  acceptSeconds: [1, 7 * 24 * 3600],
  graceSeconds: [1, 24 * 3600],
  pauseSeconds: [60, 30 * 24 * 3600],
} as const satisfies { [field in keyof RolloutStrategy]?: readonly [number, number] };

const optional = {
  missingLimit: [0, 100_000],
  errorPercent: [0, 100],
  successPercent: [0, 100],
} as const satisfies { [field in keyof RolloutStrategy]?: readonly [number, number] };

type Checked = { refusal: Refusal } | undefined;

export function checkStrategy(strategy: RolloutStrategy): Checked {
  for (const [field, range] of Object.entries(ranges)) {
    const wrong = outside(field, strategy[field as keyof typeof ranges], range);
    if (wrong) return wrong;
  }
  for (const [field, range] of Object.entries(optional)) {
    const value = strategy[field as keyof typeof optional];
    const wrong = value === null ? undefined : outside(field, value, range);
    if (wrong) return wrong;
  }
  if (!kinds.includes(strategy.kind)) return refuse('strategy-invalid', { field: 'kind', allowed: kinds.join(', ') });
  return checkWaves(strategy.waves) ?? checkGates(strategy);
}

export function outside(field: string, value: unknown, [min, max]: readonly [number, number]): Checked {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return undefined;
  return refuse('strategy-invalid', { field, allowed: `a whole number from ${min} to ${max}` });
}

function checkWaves(waves: readonly Wave[]): Checked {
  if (waves.length > wavesMax) return refuse('strategy-invalid', { field: 'waves', allowed: `at most ${wavesMax} waves` });
  for (const [i, wave] of waves.entries()) {
    const wrong = checkWave(`waves[${i}]`, wave);
    if (wrong && isRefused(wrong)) return wrong;
  }
  const named = waves.flatMap((wave) => ('nodes' in wave ? wave.nodes : []));
  const twice = named.find((node, i) => named.indexOf(node) !== i);
  return twice === undefined ? undefined : refuse('node-listed-twice', { node: twice });
}

function checkWave(field: string, wave: Wave): Checked {
  if ('size' in wave) return outside(`${field}.size`, wave.size, [1, 100_000]);
  if ('percent' in wave) return wave.percent > 0 && wave.percent <= 100 ? undefined : refuse('strategy-invalid', { field: `${field}.percent`, allowed: 'a number above 0, at most 100' });
  return wave.nodes.length > 0 ? undefined : refuse('strategy-invalid', { field: `${field}.nodes`, allowed: 'at least one node' });
}
