import type { GateView, PlanAnswer, RolloutView } from '../views.js';
import { paint, paintState } from './style.js';
import { shortTime } from './table.js';

type Plan = NonNullable<PlanAnswer['plan']>;

/** Nodes of a canary that are listed before they are only counted. */
const nodesShown = 20;

/** How a plan goes in waves, and what stands between them; nothing for one in a single piece. */
export function wavesOfPlan({ targets, strategy }: Plan): (readonly [string, string])[] {
  const sizes = new Map<number, number>();
  for (const { wave } of targets) sizes.set(wave, (sizes.get(wave) ?? 0) + 1);
  const gates = strategy.gates.map(({ gate, after }) => `${gate} after ${after === null ? 'every wave' : `wave ${after}`}`);
  return [
    ...(sizes.size > 1 ? [['waves', [...sizes.values()].join(', then ')] as const] : []),
    ...(gates.length > 0 ? [['gates', gates.join('; ')] as const] : []),
  ];
}

export function wavesLine({ waves }: RolloutView): string {
  return waves.map(({ wave, nodes, state }) => `${wave}: ${nodes} ${paintState(state)}`).join(', ');
}

/** Each gate that was asked: its verdict, and what it rests on. */
export function renderGates(gates: readonly GateView[]): string {
  if (gates.length === 0) return '';
  return `\n\n${paint('bold', 'Gates')}\n${gates.map(renderGate).join('\n')}`;
}

function renderGate(gate: GateView): string {
  const verdict = gate.verdict === null ? '' : `: ${paintState(gate.verdict)}`;
  const by = gate.decidedBy === null ? '' : ` by ${gate.decidedBy}`;
  const until = gate.holdBy === null ? '' : `, held until ${shortTime(gate.holdBy)}: decide with rollbook rollout approve-gate or reject-gate`;
  const head = `  ${gate.gate} ${gate.kind} after wave ${gate.wave}, round ${gate.round}, ${paintState(gate.state)}${by}${verdict} (${gate.reason ?? 'not asked yet'}, ${gate.samples} samples${until})`;
  return [head, ...(gate.says === null ? [] : [`    ${gate.says}`]), ...nodeLines(gate)].join('\n');
}

function nodeLines({ found }: GateView): string[] {
  const nodes = found.flatMap((part) => (part.gate === 'canary' ? (part.nodes ?? []) : []));
  const lines = nodes.slice(0, nodesShown).map(({ node, group, outcome, reason, counts }) => {
    const counted = Object.entries(counts).map(([metric, { before, since }]) => `${metric} ${before?.count ?? '-'} before, ${since?.count ?? '-'} since`);
    return `    ${group} ${node}: ${paintState(outcome)}${reason === null ? '' : ` (${reason})`}${counted.length > 0 ? `, ${counted.join('; ')}` : ''}`;
  });
  return nodes.length > nodesShown ? [...lines, `    and ${nodes.length - nodesShown} more`] : lines;
}
