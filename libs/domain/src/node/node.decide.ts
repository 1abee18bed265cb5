import { accept, never, nothing, refuse } from '../kernel/decision.js';
import type { Decider, Decision } from '../kernel/decision.js';
import { sameJson } from '../kernel/json.js';
import { namePattern, versionPattern } from '../kernel/names.js';
import type { Instant } from '../kernel/time.js';
import { evolveNode, noNode } from './node.js';
import type { Health, KnownNode, NodeEvent, NodeState, ObservationSource, StepReport } from './node.js';
import { advance, expireStep, recordAcceptance, recordReport, startRollback, startUpgrade, stopUpgrade } from './passage.decide.js';
import type { StartUpgrade } from './passage.decide.js';
import { startProcedure } from './procedure.decide.js';
import type { StartProcedure } from './procedure.decide.js';
import { decideReview, expireReview } from './review.decide.js';
import type { DecideReview } from './review.decide.js';

export type NodeCommand =
  | { type: 'register-node'; node: string; site: string; product: string; labels: { [name: string]: string } }
  | { type: 'observe-node'; node: string; version: string | null; health: Health; source: ObservationSource }
  | StartUpgrade
  | StartProcedure
  | DecideReview
  | { type: 'expire-review'; node: string; order: string; at: Instant }
  | { type: 'advance-passage'; node: string; at: Instant }
  | { type: 'record-acceptance'; node: string; order: string; agent: string; acceptedAt: Instant }
  | { type: 'record-report'; node: string; order: string; agent: string; report: StepReport }
  | { type: 'expire-step'; node: string; order: string; wait: 'acceptance' | 'report'; at: Instant }
  | { type: 'stop-upgrade'; node: string; rollout: string; reason: string; at: Instant }
  | { type: 'start-rollback'; node: string; rollout: string; reason: string; at: Instant };

function register(command: Extract<NodeCommand, { type: 'register-node' }>, state: NodeState): Decision<NodeEvent> {
  const { node, site, product, labels } = command;
  if (!namePattern.test(node)) return refuse('node-name-invalid', { node });
  if (state.status === 'none') return accept({ type: 'node.registered', data: { node, site, product, labels } });
  if (state.site !== site) return refuse('node-elsewhere', { node, site: state.site });
  if (state.product !== product) return refuse('node-other-product', { node, product: state.product });
  return sameJson(state.labels, labels) ? nothing : accept({ type: 'node.relabelled', data: { node, labels } });
}

/** Records what changed; and of a node astray, the healthy look that settles it, though it may repeat what was known. */
function observe(command: Extract<NodeCommand, { type: 'observe-node' }>, state: KnownNode): Decision<NodeEvent> {
  const { node, version, health, source } = command;
  if (version !== null && !versionPattern.test(version)) return refuse('version-invalid', { version });
  // A node in a passage is measured by its orders; a look in between would see it half changed.
  if (state.activity.kind === 'passage') return nothing;
  const settles = state.activity.kind === 'astray' && version !== null && health === 'healthy';
  // Healthy, but at no version that could be told: that settles nothing, and must not look as if it did.
  const blind = state.activity.kind === 'astray' && version === null && health === 'healthy';
  const events: NodeEvent[] = [];
  if (version !== null && (settles || version !== state.version)) events.push({ type: 'node.version-observed', data: { node, version, source } });
  if (settles || (health !== state.health && !blind)) events.push({ type: 'node.health-observed', data: { node, health, source } });
  return accept(...events);
}

export const nodeDecider: Decider<NodeCommand, NodeState, NodeEvent> = {
  initial: noNode,
  evolve: evolveNode,
  decide(command, state) {
    if (command.type === 'register-node') return register(command, state);
    if (state.status === 'none') return refuse('node-unknown', { node: command.node });
    switch (command.type) {
      case 'observe-node':
        return observe(command, state);
      case 'start-upgrade':
        return startUpgrade(command, state);
      case 'advance-passage':
        return advance(command.at, state);
      case 'record-acceptance':
        return recordAcceptance(command, state);
      case 'record-report':
        return recordReport(command, state);
      case 'expire-step':
        return expireStep(command, state);
      case 'stop-upgrade':
        return stopUpgrade(command, state);
      case 'start-rollback':
        return startRollback(command, state);
      case 'start-procedure':
        return startProcedure(command, state);
      case 'decide-review':
        return decideReview(command, state);
      case 'expire-review':
        return expireReview(command, state);
      default:
        return never(command);
    }
  },
};
