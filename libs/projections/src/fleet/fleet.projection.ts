import type { DomainEvent } from '#domain';
import type { Fact, Projection, Rows } from '../engine/projection.js';

export const fleetTable = { name: 'fleet', key: ['node'] } as const;

export type FleetRow = {
  node: string;
  product: string;
  site: string;
  version: string | null;
  health: string;
  state: string;
  since: string;
  rollout: string | null;
  reason: string | null;
  labels: { [name: string]: string };
  stream_version: number;
  position: number;
};

/** Which node runs what, in which health, doing what, since when. */
export const fleet: Projection = {
  name: 'fleet',
  tables: [fleetTable],
  keyOf: ({ stream }) => (stream.startsWith('node/') ? stream : undefined),
  reads: ({ stream }) => [{ table: fleetTable, key: [stream.slice('node/'.length)] }],
  apply(fact: Fact, rows: Rows) {
    const node = fact.stream.slice('node/'.length);
    const before = rows.get<FleetRow>(fleetTable, node);
    const after = next(before, fact.event, fact.envelope.occurredAt);
    if (!after) throw new Error(`${fact.event.type} of node ${node} before it was registered`);
    const moved = before?.version !== after.version || before.state !== after.state;
    rows.put(fleetTable, { ...after, since: moved ? fact.envelope.occurredAt : before.since, stream_version: fact.version, position: fact.position });
  },
};

function next(before: FleetRow | undefined, event: DomainEvent, at: string): FleetRow | undefined {
  if (event.type === 'node.registered') {
    const { node, product, site, labels } = event.data;
    return { node, product, site, version: null, health: 'unknown', state: 'ready', since: at, rollout: null, reason: null, labels, stream_version: 0, position: 0 };
  }
  if (!before) return undefined;
  switch (event.type) {
    case 'node.relabelled':
      return { ...before, labels: event.data.labels };
    case 'node.version-observed':
      return settled({ ...before, version: event.data.version });
    case 'node.health-observed':
      return settled({ ...before, health: event.data.health }, event.data.health === 'healthy');
    case 'upgrade.started':
      return { ...before, state: 'upgrading', rollout: event.data.rollout, reason: null };
    case 'upgrade.verified':
      return { ...before, state: 'ready', reason: null };
    case 'upgrade.failed':
      return { ...before, state: 'ready', reason: told(event.data) };
    case 'rollback.started':
      return { ...before, state: 'rolling-back', rollout: event.data.rollout, reason: before.reason ?? event.data.reason };
    case 'rollback.verified':
      return { ...before, state: 'ready' };
    case 'rollback.failed':
      return { ...before, state: 'astray', health: 'unknown', reason: told(event.data) };
    default:
      return passing(before, event);
  }
}

const words = { upgrade: 'upgrading', rollback: 'rolling-back', procedure: 'in-procedure' } as const;

/** Reviews and procedures. */
function passing(before: FleetRow, event: DomainEvent): FleetRow {
  switch (event.type) {
    case 'review.requested':
      return { ...before, state: 'in-review' };
    case 'review.accepted':
    case 'review.rejected':
    case 'review.expired':
      return { ...before, state: words[event.data.phase] };
    case 'procedure.started':
      // Why a node is astray is worth knowing until it no longer is.
      return { ...before, state: 'in-procedure', reason: before.state === 'astray' ? before.reason : null };
    case 'procedure.completed':
      return event.data.astray ? { ...before, state: 'astray' } : { ...before, state: 'ready', reason: null };
    case 'procedure.failed': {
      const { changed, astray } = event.data;
      if (changed) return { ...before, state: 'astray', health: 'unknown', reason: told(event.data) };
      return astray ? { ...before, state: 'astray' } : { ...before, state: 'ready', reason: told(event.data) };
    }
    default:
      return before;
  }
}

/** A node astray that is observed healthy at a known version is ready again. */
function settled(row: FleetRow, healthy = false): FleetRow {
  return row.state === 'astray' && healthy && row.version !== null ? { ...row, state: 'ready', reason: null } : row;
}

/** The reason's code, and what the product said of it. */
function told({ reason, detail }: { reason: string; detail: string | null }): string {
  return detail === null ? reason : `${reason}: ${detail}`;
}
