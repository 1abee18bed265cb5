import { revisions, upcast } from '#domain';
import type { DomainEvent, RevisionTable, Route } from '#domain';
import { envelopeOf } from '#ledger';
import type { Envelope, StoredEvent } from '#ledger';

const table: RevisionTable = revisions;

/** A stored event in today's shape, with what its envelope says around it. */
export function decode(stored: StoredEvent): { event: DomainEvent; envelope: Envelope } {
  const envelope = envelopeOf(stored);
  const data = upcast(table, envelope.type, envelope.revision, envelope.data);
  return { event: share({ type: envelope.type, data } as unknown as DomainEvent), envelope };
}

/** Routes are the same for all nodes of a plan; thousands of copies of one would fill the memory. */
const routes = new Map<string, WeakRef<Route>>();

function share(event: DomainEvent): DomainEvent {
  if (event.type !== 'upgrade.started' && event.type !== 'rollback.started') return event;
  const { route, planDigest } = event.data;
  // What tells the routes of a plan apart.
  const key = `${planDigest} ${route.from} ${route.to} ${route.method ?? ''}`;
  const known = routes.get(key)?.deref();
  if (known) return { ...event, data: { ...event.data, route: known } } as DomainEvent;
  routes.set(key, new WeakRef(route));
  return event;
}
