import { isRefused, refuse } from '../kernel/decision.js';
import type { Refusal } from '../kernel/refusals.js';
import { later } from '../kernel/time.js';
import type { Instant } from '../kernel/time.js';
import type { NodeState } from '../node/node.js';
import { notFree } from '../node/passage.decide.js';
import type { Limits, Route } from '../node/passage.js';
import type { ProductState } from '../product/product.js';
import { isPublished } from '../product/product.js';
import { layRoutes, versionOf } from './routes.js';
import { checkStrategy } from './strategy.js';
import type { RolloutStrategy } from './strategy.js';

/** The digest of any JSON value: SHA-256 in hex of its canonical form. Given by the caller: rules import nothing. */
export type DigestOf = (value: unknown) => string;

export interface Target {
  node: string;
  /** Index into the plan's routes. */
  route: number;
}

/** What a rollout will do, fixed before anybody agrees to it. Its digest names it. */
export interface Plan {
  rollout: string;
  generation: number;
  parent: string | null;
  product: string;
  to: string;
  selector: string;
  strategy: RolloutStrategy;
  routes: Route[];
  /** In the order in which nodes are taken. */
  targets: Target[];
  startBy: Instant;
}

export interface PlanRequest {
  rollout: string;
  product: string;
  to: string;
  /** What was asked for, and the nodes it stood for at that moment. */
  selector: string;
  nodes: string[];
  strategy: RolloutStrategy;
  /** How releases are put in place; absent: as suits each node best. */
  method?: string | null;
  /** What measurements after a change are judged by. */
  limits?: Limits;
  at: Instant;
}

export type Planned = { plan: Plan; digest: string; alreadyThere: string[] } | { refusal: Refusal };

/** How long a plan waits for its start, in seconds: a week. */
export const startWaitSeconds = 7 * 24 * 3600;

/** Makes the plan: the way of each node through the catalogue, and the order of the nodes. Pure; same input, same plan. */
export function makePlan(request: PlanRequest, product: ProductState, nodes: ReadonlyMap<string, NodeState>, digestOf: DigestOf): Planned {
  const wrong = checkRequest(request, product) ?? checkNodes(request, nodes);
  if (wrong) return wrong;
  if (product.status === 'none') throw new Error('checked above');
  const versions = new Map(request.nodes.map((node) => [node, versionOf(nodes.get(node)!)]));
  const alreadyThere = request.nodes.filter((node) => versions.get(node) === request.to);
  const chosen = request.nodes.filter((node) => versions.get(node) !== request.to);
  if (chosen.length === 0) return refuse('nodes-already-there', { version: request.to });
  const laid = layRoutes(request, product, nodes, chosen);
  if (isRefused(laid)) return laid;
  const { routes, routeOf } = laid;
  const { rollout, to, selector, strategy, at } = request;
  const basis = { rollout, generation: 1, parent: null, product: product.product, to, selector, strategy, routes, startBy: later(at, startWaitSeconds) };
  const targets = chosen.map((node) => ({ node, route: routeOf.get(node)! }));
  const plan: Plan = { ...basis, targets: inOrder(targets, digestOf(basis), digestOf) };
  return { plan, digest: digestOf(plan), alreadyThere };
}

/** By a hash of node and plan: nobody chooses who goes first, and anybody can work it out again. */
function inOrder(targets: Target[], basis: string, digestOf: DigestOf): Target[] {
  const keyed = targets.map((target) => ({ target, key: digestOf([basis, target.node]) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ target }) => target);
}

function checkRequest(request: PlanRequest, product: ProductState): { refusal: Refusal } | undefined {
  if (product.status === 'none') return refuse('product-unknown', { product: request.product });
  const release = product.releases.get(request.to);
  if (!release) return refuse('version-unknown', { product: request.product, version: request.to });
  if (!isPublished(release, request.at)) {
    return refuse('release-not-published', { version: request.to, scheduled: release.scheduled });
  }
  if (request.nodes.length === 0) return refuse('nodes-none', { selector: request.selector });
  const seen = new Set<string>();
  for (const node of request.nodes) {
    if (seen.has(node)) return refuse('node-listed-twice', { node });
    seen.add(node);
  }
  return checkStrategy(request.strategy);
}

function checkNodes(request: PlanRequest, nodes: ReadonlyMap<string, NodeState>): { refusal: Refusal } | undefined {
  for (const name of request.nodes) {
    const node = nodes.get(name);
    if (!node || node.status === 'none') return refuse('node-unknown', { node: name });
    if (node.product !== request.product) return refuse('node-other-product', { node: name, product: node.product });
    const busy = notFree(node);
    if (busy) return busy;
    if (node.version === null) return refuse('node-version-unknown', { node: name });
  }
  return undefined;
}
