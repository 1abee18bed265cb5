import { accept, never, refuse } from '../kernel/decision.js';
import type { Decider, Decision } from '../kernel/decision.js';
import { sameJson } from '../kernel/json.js';
import { namePattern } from '../kernel/names.js';
import { evolveLifecycle, noLifecycle } from './lifecycle.js';
import type { Cycle, Lifecycle, LifecycleEvent, LifecycleState } from './lifecycle.js';

export interface LifecycleCommand {
  type: 'import-lifecycle';
  lifecycle: Lifecycle;
}

/** Of the cycles in one event, in characters: they take at most three bytes each, and an event holds 64 KiB. */
const charactersMax = 16_000;

/** Records what is new in a life cycle: what is not known yet, what was amended, what is no longer listed. */
function importLifecycle({ product, title, link, cycles }: Lifecycle, state: LifecycleState): Decision<LifecycleEvent> {
  const wrong = problemsOf(product, cycles);
  if (wrong.length > 0) return refuse('lifecycle-invalid', { product, problems: wrong });
  const known = state.status === 'known' ? state.cycles : new Map<string, Cycle>();
  const listed = new Set(cycles.map(({ cycle }) => cycle));
  const withdrawn = [...known.keys()].filter((name) => !listed.has(name));
  const events: LifecycleEvent[] = [];
  if (state.status === 'none' || state.title !== title || state.link !== link) events.push({ type: 'lifecycle.registered', data: { product, title, link } });
  for (const part of inParts(withdrawn)) events.push({ type: 'lifecycle.cycles-withdrawn', data: { product, cycles: part } });
  for (const part of inParts(cycles.filter(({ cycle }) => !known.has(cycle)))) events.push({ type: 'lifecycle.cycles-published', data: { product, cycles: part } });
  const amended = cycles.filter((one) => known.has(one.cycle) && !sameJson(known.get(one.cycle), one));
  for (const part of inParts(amended)) events.push({ type: 'lifecycle.cycles-amended', data: { product, cycles: part } });
  return accept(...events);
}

function problemsOf(product: string, cycles: readonly Cycle[]): string[] {
  const names = cycles.map(({ cycle }) => cycle);
  const twice = names.filter((name, i) => names.indexOf(name) !== i).map((name) => `cycle ${name} stands there twice`);
  const large = cycles.filter((one) => JSON.stringify(one).length > charactersMax).map(({ cycle }) => `cycle ${cycle.slice(0, 80)} is too long to be recorded`);
  return [...(namePattern.test(product) ? [] : [`${product} is not a name for a product`]), ...twice, ...large];
}

function inParts<T>(items: readonly T[]): T[][] {
  const parts: T[][] = [];
  let room = 0;
  for (const item of items) {
    const size = JSON.stringify(item).length;
    if (size > room) {
      parts.push([]);
      room = charactersMax;
    }
    parts.at(-1)!.push(item);
    room -= size;
  }
  return parts;
}

export const lifecycleDecider: Decider<LifecycleCommand, LifecycleState, LifecycleEvent> = {
  initial: noLifecycle,
  evolve: evolveLifecycle,
  decide(command, state) {
    switch (command.type) {
      case 'import-lifecycle':
        return importLifecycle(command.lifecycle, state);
      default:
        return never(command.type);
    }
  },
};
