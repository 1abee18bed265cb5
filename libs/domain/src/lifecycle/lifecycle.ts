import { never } from '../kernel/decision.js';
import type { Support } from '../product/support.js';

/** The last day of something (YYYY-MM-DD); true when it is over on a day that nobody told, false when no end is known; null where nothing is said. */
export type Until = string | boolean | null;

/** A line of releases of a product that others look after: how long it is supported. Its name is whatever its product calls it. */
export interface Cycle {
  cycle: string;
  label: string | null;
  codename: string | null;
  released: string | null;
  /** Whether it is supported for long, or from which day on. */
  lts: Until;
  activeSupportEnds: Until;
  supportEnds: Until;
  extendedSupportEnds: Until;
  discontinued: Until;
  /** Its latest release. */
  latest: string | null;
  latestReleased: string | null;
  link: string | null;
}

export interface Lifecycle {
  product: string;
  title: string;
  /** Where the product says how long it supports its releases. */
  link: string | null;
  cycles: Cycle[];
}

/** Cycles come in as many events as they need. */
export type LifecycleEvent =
  | { type: 'lifecycle.registered'; data: { product: string; title: string; link: string | null } }
  | { type: 'lifecycle.cycles-published'; data: { product: string; cycles: Cycle[] } }
  | { type: 'lifecycle.cycles-amended'; data: { product: string; cycles: Cycle[] } }
  | { type: 'lifecycle.cycles-withdrawn'; data: { product: string; cycles: string[] } };

export type LifecycleState =
  | { status: 'none' }
  | { status: 'known'; product: string; title: string; link: string | null; cycles: ReadonlyMap<string, Cycle> };

export const noLifecycle: LifecycleState = { status: 'none' };

export function evolveLifecycle(state: LifecycleState, event: LifecycleEvent): LifecycleState {
  if (event.type === 'lifecycle.registered') return { status: 'known', ...event.data, cycles: state.status === 'none' ? new Map() : state.cycles };
  if (state.status === 'none') throw new Error(`${event.type} before the life cycle was registered`);
  switch (event.type) {
    case 'lifecycle.cycles-published':
    case 'lifecycle.cycles-amended':
      return { ...state, cycles: new Map([...state.cycles, ...event.data.cycles.map((one) => [one.cycle, one] as const)]) };
    case 'lifecycle.cycles-withdrawn':
      return { ...state, cycles: new Map([...state.cycles].filter(([name]) => !event.data.cycles.includes(name))) };
    default:
      return never(event);
  }
}

/**
 * How a cycle stands among the others on a day. Current are those of the newest that are supported: variants of one release
 * come out on one day.
 */
export function cycleSupport(cycle: Cycle, cycles: readonly Cycle[], day: string): Support {
  const own = standing(cycle, day);
  if (own !== 'supported' || cycle.released === null) return own;
  const newer = cycles.some((one) => one.released !== null && one.released > cycle.released! && standing(one, day) === 'supported');
  return newer ? 'supported' : 'current';
}

function standing({ released, activeSupportEnds, supportEnds }: Cycle, day: string): Exclude<Support, 'current'> {
  if (released !== null && released > day) return 'scheduled';
  if (isOver(supportEnds, day)) return 'end-of-life';
  return isOver(activeSupportEnds, day) ? 'deprecated' : 'supported';
}

function isOver(until: Until, day: string): boolean {
  return typeof until === 'string' ? until < day : until === true;
}
