import { refuse } from '../kernel/decision.js';
import type { Refusal } from '../kernel/refusals.js';
import type { Instant } from '../kernel/time.js';
import type { Leg, Limits, PlannedStep, Route, RouteValues } from '../node/passage.js';
import { artifactParameters } from '../product/parameters.js';
import { isPublished } from '../product/product.js';
import type { Method, Migration, ProductState, Requirement, UpgradePath } from '../product/product.js';
import { findWay } from '../product/way.js';
import { stepsOfRunbooks } from './steps.js';

export type Product = Extract<ProductState, { status: 'registered' }>;

export interface RouteRequest {
  rollout: string;
  to: string;
  at: Instant;
  limits?: Limits | undefined;
}

/** The paths that nodes of a version take, one after the other. */
export interface Way {
  versions: string[];
  paths: UpgradePath[];
}

export const defaultLimits: Limits = { baselineRatio: 3, baselineFloorMs: 250 };

/** The shortest way to the wanted version, through what is required and over releases that are out. */
export function wayFrom({ to, at }: RouteRequest, product: Product, from: string, nodes: string[]): { way: Way } | { refusal: Refusal } {
  const isOut = (version: string) => {
    const release = product.releases.get(version);
    return release !== undefined && isPublished(release, at);
  };
  const way = findWay(product.paths, from, to, product.requires, isOut);
  return way ? { way } : refuse('no-upgrade-path', { from, to, nodes, hint: hintFor(product, from, to) });
}

function hintFor(product: Product, from: string, to: string): string {
  const down = product.downgrades.find((one) => one.to === to && one.from.includes(from));
  if (down) return down.reason === null ? `take nodes back one by one with \`rollbook node do NODE downgrade --to ${to}\`` : `there is no way back to ${to}: ${down.reason}`;
  const bare = findWay(product.paths, from, to);
  const missing = bare && (product.requires ?? []).find((one) => one.to === to && bare.versions.some((version) => one.from.includes(version)));
  if (missing) return `it has to come through ${missing.via} (${missing.reason}), to which no path leads`;
  return bare ? `a release between them is only scheduled` : 'choose another version';
}

/** The way with every step fixed by its runbook's digest, and the way back to where the node came from. */
export function makeRoute(request: RouteRequest, product: Product, { versions, paths }: Way, method: Method | null): { route: Route } | { refusal: Refusal } {
  const { to, rollout, limits = defaultLimits } = request;
  const from = versions[0]!;
  const given = { backup: `pre-upgrade-${rollout}`, rollout };
  const legs: Leg[] = [];
  const upgrade: PlannedStep[] = [];
  for (const [i, path] of paths.entries()) {
    const [start, end] = [versions[i]!, versions[i + 1]!];
    const values: RouteValues = { ...artifactParameters(product.releases.get(end)), ...given, from: start, to: end };
    const steps = stepsOfRunbooks(product, expand(path.upgrade, '@install', method?.install), values, { leg: i, version: end });
    if ('refusal' in steps) return steps;
    legs.push({ from: start, to: end, migration: path.migration, notes: [...path.notes, ...requiredNotes(product.requires, versions, i)], values });
    // One backup, of what the node came with: it is what the way back restores.
    upgrade.push(...(i === 0 ? steps.steps : steps.steps.filter((step) => !saves.includes(step.kind))));
  }
  const rollbackValues: RouteValues = { ...artifactParameters(product.releases.get(from)), ...given, from: to, to: from };
  const rollback = stepsOfRunbooks(product, expand(paths[0]!.rollback, '@rollback', method?.rollback), rollbackValues, { leg: 0, version: from });
  if ('refusal' in rollback) return rollback;
  const migration = legs.map((leg) => leg.migration).reduce(harder);
  return { route: { from, to, method: method?.method ?? null, migration, legs, limits, upgrade, rollback: rollback.steps, rollbackValues } };
}

const saves: readonly string[] = ['backup', 'backup-check', 'archive'];
const migrations: readonly Migration[] = ['automatic', 'partial', 'manual', 'fresh-install'];

/** A way is as hard as its hardest part. */
function harder(a: Migration, b: Migration): Migration {
  return migrations.indexOf(a) > migrations.indexOf(b) ? a : b;
}

/** Whether the choice of a method makes a difference to a way. */
export function hasPlaces({ paths }: Way): boolean {
  return paths.some((path) => path.upgrade.includes('@install')) || paths[0]!.rollback.includes('@rollback');
}

function expand(names: readonly string[], place: string, runbooks: readonly string[] = []): string[] {
  return names.flatMap((name) => (name === place ? runbooks : [name]));
}

/** Why the way comes through the version at the end of a leg, where that is required. */
function requiredNotes(requires: readonly Requirement[] = [], versions: readonly string[], leg: number): string[] {
  const via = versions[leg + 1]!;
  return requires.flatMap((one) => {
    const from = versions.slice(0, leg + 1).find((version) => one.from.includes(version));
    const met = one.via === via && from !== undefined && versions.slice(leg + 2).includes(one.to);
    return met ? [`${via} is required on the way from ${from} to ${one.to}: ${one.reason}`] : [];
  });
}
