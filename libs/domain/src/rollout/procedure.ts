import { isRefused, refuse } from '../kernel/decision.js';
import type { Refusal } from '../kernel/refusals.js';
import type { Instant } from '../kernel/time.js';
import type { KnownNode, NodeState } from '../node/node.js';
import { busy } from '../node/passage.decide.js';
import type { Limits, Route, RouteValues } from '../node/passage.js';
import { unknownVersion } from '../node/procedure.decide.js';
import { artifactParameters } from '../product/parameters.js';
import { isPublished } from '../product/product.js';
import type { Procedure, ProductState } from '../product/product.js';
import { defaultLimits } from './route.js';
import type { Product } from './route.js';
import { stepsOfRunbooks } from './steps.js';

export interface ProcedureRequest {
  id: string;
  node: string;
  procedure: string;
  /** The version to end at; null: that of the procedure, or the one that the node runs. */
  to: string | null;
  limits?: Limits;
  at: Instant;
}

/** The way back to an older release that the catalogue lists, as a procedure. */
const downgrade = 'downgrade';

/** Every step of a procedure on one node, fixed before it begins. */
export function makeProcedure(request: ProcedureRequest, product: ProductState, node: NodeState): { title: string; route: Route } | { refusal: Refusal } {
  if (node.status === 'none') return refuse('node-unknown', { node: request.node });
  if (product.status === 'none') return refuse('product-unknown', { product: node.product });
  if (node.activity.kind === 'passage') return busy(node, node.activity.passage);
  const found = request.procedure === downgrade ? findDowngrade(request, product, node) : findProcedure(request, product);
  if (isRefused(found)) return found;
  const { procedure } = found;
  if (procedure.to !== null && request.to !== null && request.to !== procedure.to) return refuse('procedure-version-fixed', { procedure: procedure.procedure, to: procedure.to });
  const wanted = procedure.to ?? request.to;
  if (wanted !== null) {
    const release = product.releases.get(wanted);
    if (!release) return refuse('version-unknown', { product: product.product, version: wanted });
    if (!isPublished(release, request.at)) return refuse('release-not-published', { version: wanted, scheduled: release.scheduled });
  }
  const to = wanted ?? node.version;
  if (to === null) return refuse('node-version-unknown', { node: request.node });
  return routeOf(request, product, node, procedure, to);
}

function routeOf({ id, limits = defaultLimits }: ProcedureRequest, product: Product, { version }: KnownNode, { title, runbooks }: Procedure, to: string): { title: string; route: Route } | { refusal: Refusal } {
  const from = version ?? unknownVersion;
  const values: RouteValues = { ...artifactParameters(product.releases.get(to)), ...(version === null ? {} : { from }), to, backup: `pre-${id}`, rollout: id };
  const made = stepsOfRunbooks(product, runbooks, values, { leg: 0, version: to });
  if (isRefused(made)) return made;
  const migration = 'automatic' as const;
  const legs = [{ from, to, migration, notes: [], values }];
  return { title, route: { from, to, method: null, migration, legs, limits, upgrade: made.steps, rollback: [], rollbackValues: {} } };
}

function findProcedure({ procedure }: ProcedureRequest, { product, procedures, downgrades }: Product): { procedure: Procedure } | { refusal: Refusal } {
  const found = procedures.find((one) => one.procedure === procedure);
  if (found) return { procedure: found };
  const known = [...procedures.map((one) => one.procedure), ...(downgrades.length > 0 ? [downgrade] : [])];
  return refuse('procedure-unknown', { product, procedure, known });
}

function findDowngrade({ to, node }: ProcedureRequest, { downgrades }: Product, { version }: KnownNode): { procedure: Procedure } | { refusal: Refusal } {
  if (to === null) return refuse('procedure-without-version', { procedure: downgrade });
  if (version === null) return refuse('node-version-unknown', { node });
  const found = downgrades.find((one) => one.to === to && one.from.includes(version));
  if (!found) return refuse('downgrade-impossible', { from: version, to, reason: 'the catalogue lists none' });
  if (found.reason !== null) return refuse('downgrade-impossible', { from: version, to, reason: found.reason });
  return { procedure: { procedure: downgrade, title: `Return to ${to}`, runbooks: found.runbooks, to } };
}
