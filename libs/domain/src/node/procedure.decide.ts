import { nothing, refuse } from '../kernel/decision.js';
import type { Decision } from '../kernel/decision.js';
import type { Instant } from '../kernel/time.js';
import type { KnownNode, NodeEvent } from './node.js';
import { busy, withNext } from './passage.decide.js';
import type { Route, Waits } from './passage.js';

export interface StartProcedure {
  type: 'start-procedure';
  node: string;
  procedure: string;
  title: string;
  id: string;
  route: Route;
  waits: Waits;
  at: Instant;
}

/** What stands for the version of a node that nobody could measure. */
export const unknownVersion = 'unknown';

/** Begins a procedure with its first order; also on a node that is astray: care is what that one needs. */
export function startProcedure(command: StartProcedure, state: KnownNode): Decision<NodeEvent> {
  const { node, procedure, title, id, route, waits, at } = command;
  if (state.activity.kind === 'passage') return state.activity.passage.rollout === id ? nothing : busy(state, state.activity.passage);
  const version = state.version ?? unknownVersion;
  if (version !== route.from) return refuse('node-version-changed', { node, version, from: route.from });
  const { from, to } = route;
  const data = { node, product: state.product, rollout: id, from, to, procedure, id, title, epoch: state.epoch + 1, route, waits };
  return withNext(state, [{ type: 'procedure.started', data }], at);
}
