import type { RevisionTable } from './kernel/upcast.js';
import type { NodeEvent } from './node/node.js';
import type { ProductEvent } from './product/product.js';
import type { RolloutEvent } from './rollout/rollout.js';
import type { SiteEvent } from './site/site.js';

export type DomainEvent = ProductEvent | NodeEvent | RolloutEvent | SiteEvent;
export type EventType = DomainEvent['type'];

/** Every type of event, with the way from its older revisions. A type once written stays here for ever. */
export const revisions = {
  'product.registered': [],
  'product.release-published': [],
  'product.release-amended': [],
  'product.path-published': [],
  'product.path-withdrawn': [],
  'product.runbook-published': [],
  'product.methods-published': [],
  'product.downgrades-published': [],
  'product.procedures-published': [],
  'node.registered': [],
  'node.relabelled': [],
  'node.version-observed': [],
  'node.health-observed': [],
  'upgrade.started': [],
  'upgrade.stop-asked': [],
  'upgrade.verified': [],
  'upgrade.failed': [],
  'release.installed': [],
  'step.ordered': [],
  'step.accepted': [],
  'step.reported': [],
  'step.reported-late': [],
  'step.expired': [],
  'backup.created': [],
  'backup.verified': [],
  'backup.restored': [],
  'migration.checked': [],
  'migration.applied': [],
  'baseline.measured': [],
  'validation.run': [],
  'rollback.started': [],
  'rollback.verified': [],
  'rollback.failed': [],
  'rollout.planned': [],
  'rollout.route-laid': [],
  'rollout.targets-listed': [],
  'rollout.started': [],
  'rollout.paused': [],
  'rollout.resumed': [],
  'rollout.aborted': [],
  'rollout.expired': [],
  'rollout.rollback-asked': [],
  'rollout.node-settled': [],
  'rollout.nodes-admitted': [],
  'rollout.nodes-recalled': [],
  'rollout.stopped': [],
  'rollout.completed': [],
  'site.agent-enrolled': [],
  'site.agent-retired': [],
  'site.message-refused': [],
} as const satisfies Record<EventType, RevisionTable[string]>;
