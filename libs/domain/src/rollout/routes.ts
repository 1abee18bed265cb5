import { compareVersions } from '../kernel/names.js';
import { isRefused, refuse } from '../kernel/decision.js';
import type { Refusal } from '../kernel/refusals.js';
import type { NodeState } from '../node/node.js';
import type { Route } from '../node/passage.js';
import type { Method } from '../product/product.js';
import { hasPlaces, makeRoute, wayFrom } from './route.js';
import type { Product, RouteRequest } from './route.js';

type Labels = { [name: string]: string };

/** Routes, and which of them each node takes. */
export interface Laid {
  routes: Route[];
  routeOf: Map<string, number>;
}

/** One route for all nodes that start from the same version and are upgraded by the same method, the oldest first. */
export function layRoutes(
  request: RouteRequest & { method?: string | null | undefined }, product: Product, nodes: ReadonlyMap<string, NodeState>, chosen: readonly string[],
): Laid | { refusal: Refusal } {
  const laid: Laid = { routes: [], routeOf: new Map() };
  const starts = [...new Set(chosen.map((node) => versionOf(nodes.get(node)!)))].sort(byVersion);
  for (const from of starts) {
    const here = chosen.filter((node) => versionOf(nodes.get(node)!) === from);
    const found = wayFrom(request, product, from, here);
    if (isRefused(found)) return found;
    const groups = byMethod(hasPlaces(found.way), request, product, here, nodes);
    if (isRefused(groups)) return groups;
    for (const { method, members } of groups.groups) {
      const made = makeRoute(request, product, found.way, method);
      if (isRefused(made)) return made;
      for (const node of members) laid.routeOf.set(node, laid.routes.length);
      laid.routes.push(made.route);
    }
  }
  return laid;
}

/** Versions that mean the same, as 1.0 and 1.0.0, still have one order: the plan is named by a digest. */
function byVersion(a: string, b: string): number {
  return compareVersions(a, b) || (a < b ? -1 : 1);
}

export function versionOf(node: NodeState): string {
  return node.status === 'registered' ? (node.version ?? '') : '';
}

interface Group {
  method: Method | null;
  members: string[];
}

function byMethod(
  matters: boolean, { method: wished, to }: { method?: string | null | undefined; to: string }, product: Product, here: readonly string[], nodes: ReadonlyMap<string, NodeState>,
): { groups: Group[] } | { refusal: Refusal } {
  if (!matters) {
    if (wished !== undefined && wished !== null) return refuse('method-unused', { method: wished, from: versionOf(nodes.get(here[0]!)!), to });
    return { groups: [{ method: null, members: [...here] }] };
  }
  const groups = new Map<Method, string[]>();
  for (const node of here) {
    const state = nodes.get(node)!;
    const labels = state.status === 'registered' ? state.labels : {};
    const chosen = chooseMethod(product, wished ?? null, node, labels);
    if (isRefused(chosen)) return chosen;
    groups.set(chosen.method, [...(groups.get(chosen.method) ?? []), node]);
  }
  // In the order of the catalogue: how the nodes are listed must not matter.
  const listed = product.methods.filter((method) => groups.has(method));
  return { groups: listed.map((method) => ({ method, members: groups.get(method)! })) };
}

/** The wished method, else of those that fit the one that asks for most; of several, the one listed first. */
export function chooseMethod(product: Product, wished: string | null, node: string, labels: Labels): { method: Method } | { refusal: Refusal } {
  if (wished !== null) {
    const named = product.methods.find((one) => one.method === wished);
    if (!named) return refuse('method-unknown', { product: product.product, method: wished, known: product.methods.map((one) => one.method) });
    const when = Object.entries(named.when).map(([name, value]) => `${name}=${value}`);
    return fits(named, labels) ? { method: named } : refuse('method-unfit', { method: wished, node, when });
  }
  const fitting = product.methods.filter((one) => fits(one, labels));
  const best = fitting.toSorted((a, b) => Object.keys(b.when).length - Object.keys(a.when).length)[0];
  return best ? { method: best } : refuse('method-none', { node });
}

/** A condition is on a label, or by its short name on a fact that the agent tells. */
function fits({ when }: Method, labels: Labels): boolean {
  return Object.entries(when).every(([name, value]) => (Object.hasOwn(labels, name) ? labels[name] : labels[`fact/${name}`]) === value);
}
