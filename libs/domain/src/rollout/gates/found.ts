import type { Instant } from '../../kernel/time.js';
import { later } from '../../kernel/time.js';
import type { NodeState } from '../../node/node.js';
import { groupsOf, watchSeconds } from '../canary/groups.js';
import type { Member, Rollout } from '../rollout.js';
import type { CanaryGate, CanaryMetric, Counted, GateSample, WatchedNode } from './gate.js';

/** One look at a node, as it is on record. */
export interface NodeLook {
  at: Instant;
  version: string | null;
  health: string;
  metrics: { [metric: string]: number };
}

/** What is on record of a node that a gate asks about. */
export interface NodeRecord {
  state: NodeState;
  /** In the order of their time. */
  looks: readonly NodeLook[];
}

type Outcome = Pick<WatchedNode, 'outcome' | 'reason'>;

/** Looks that may be missed before a node counts as out of contact, and seconds that any network may take. */
const missedLooks = 4;
const leastSeconds = 15;
/** Names in a sample at most. */
const namesMax = 50;

/** How the upgraded nodes of a wave are, by looks that were taken after the gate had opened. */
export function foundHealth(state: Rollout, recordOf: (node: string) => NodeRecord, asked: { wave: number; everySeconds: number; openedAt: Instant; at: Instant }): GateSample {
  const members = [...state.members].filter((member) => member.wave === asked.wave && member.place !== 'skipped' && member.place !== 'waiting');
  const ends = members.map((member) => ({ node: member.node, ...outcomeOf(state, member, recordOf(member.node), { ...asked, since: asked.openedAt }) }));
  const [failed, unknown] = (['failed', 'unknown'] as const).map((outcome) => ends.filter((end) => end.outcome === outcome).map((end) => end.node)) as [string[], string[]];
  return {
    gate: 'health', nodes: ends.length, ok: ends.length - failed.length - unknown.length, failed: failed.slice(0, namesMax), unknown: unknown.slice(0, namesMax),
    failedCount: failed.length, unknownCount: unknown.length,
  };
}

/** How the canaries are, and what they and their control group counted before and since. */
export function foundCanary(state: Rollout, gate: CanaryGate, recordOf: (node: string) => NodeRecord, asked: { openedAt: Instant; at: Instant }): GateSample {
  const { canaries, control } = groupsOf(state, gate);
  const since = later(asked.openedAt, gate.warmUpSeconds);
  const everySeconds = watchSeconds(gate);
  const watched = (node: string, group: WatchedNode['group']): WatchedNode => {
    const record = recordOf(node);
    const member = state.members.at(state.index.get(node)!);
    const end = group === 'canary' ? outcomeOf(state, member, record, { everySeconds, openedAt: asked.openedAt, since, at: asked.at }) : contactOf(record.looks, { everySeconds, openedAt: asked.openedAt, at: asked.at });
    const counts = Object.fromEntries(gate.metrics.map((metric) => [metric.metric, {
      before: state.baseline ? counted(metric, record.looks, state.baseline.begunAt, state.baseline.until) : null,
      since: counted(metric, record.looks, since, asked.at),
    }]));
    return { node, group, ...end, counts };
  };
  // A node that was never touched is no canary.
  const touched = canaries.filter((node) => !['skipped', 'waiting'].includes(state.members.at(state.index.get(node)!).place));
  return { gate: 'canary', nodes: [...touched.map((node) => watched(node, 'canary')), ...control.map((node) => watched(node, 'control'))] };
}

/** What happened to a node, by facts alone. What nobody has seen is unknown. */
function outcomeOf(state: Rollout, { place }: Member, { state: node, looks }: NodeRecord, asked: { everySeconds: number; openedAt: Instant; since: Instant; at: Instant }): Outcome {
  if (place !== 'verified') return place === 'under-way' ? { outcome: 'unknown', reason: 'under-way' } : { outcome: 'failed', reason: place };
  if (node.status === 'none' || node.activity.kind !== 'idle') return { outcome: 'unknown', reason: 'busy' };
  if (node.version !== state.header.to) return { outcome: 'failed', reason: 'runs-another-version' };
  const after = looks.filter((look) => look.at >= asked.since);
  const red = after.filter((look) => look.health === 'unhealthy').length;
  if (red >= 2 || (red === 1 && after.at(-1)!.health === 'unhealthy')) return { outcome: 'failed', reason: 'unhealthy' };
  const contact = contactOf(looks, asked);
  if (contact.outcome !== 'ok') return contact;
  const last = looks.at(-1)!;
  if (last.version !== null && last.version !== state.header.to) return { outcome: 'failed', reason: 'runs-another-version' };
  return last.health === 'healthy' && last.version !== null ? contact : { outcome: 'unknown', reason: last.health === 'degraded' ? 'degraded' : 'not-measured' };
}

function contactOf(looks: readonly NodeLook[], { everySeconds, openedAt, at }: { everySeconds: number; openedAt: Instant; at: Instant }): Outcome {
  const last = looks.at(-1);
  const latest = later(at, -Math.max(leastSeconds, missedLooks * everySeconds));
  return last === undefined || last.at < openedAt || last.at < latest ? { outcome: 'unknown', reason: 'no-contact' } : { outcome: 'ok', reason: null };
}

/** How much a counter grew between two instants, and over how many minutes or how much work; null where too little was seen. */
export function counted({ metric, per }: Pick<CanaryMetric, 'metric' | 'per'>, looks: readonly NodeLook[], from: Instant, to: Instant): Counted | null {
  const seen = looks.filter((look) => look.at >= from && look.at <= to && look.metrics[metric] !== undefined && (per === null || look.metrics[per] !== undefined));
  if (seen.length < 2) return null;
  const minutes = (Date.parse(seen.at(-1)!.at) - Date.parse(seen[0]!.at)) / 60_000;
  return { count: growth(seen, metric), over: per === null ? Number(minutes.toFixed(4)) : growth(seen, per) };
}

/** A counter that fell was begun anew from zero. */
function growth(looks: readonly NodeLook[], metric: string): number {
  return looks.slice(1).reduce((sum, look, i) => {
    const [before, now] = [looks[i]!.metrics[metric]!, look.metrics[metric]!];
    return sum + (now >= before ? now - before : now);
  }, 0);
}
