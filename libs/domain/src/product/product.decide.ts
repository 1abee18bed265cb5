import { accept, isRefused, never, nothing, refuse } from '../kernel/decision.js';
import type { Decider, Decision } from '../kernel/decision.js';
import { sameJson } from '../kernel/json.js';
import { isDue } from '../kernel/time.js';
import type { Instant } from '../kernel/time.js';
import { checkCatalogue } from './catalogue.js';
import type { Catalogue } from './catalogue.js';
import { marksAt } from './marks.js';
import type { MarkName } from './marks.js';
import { evolveProduct, isPublished, noProduct, samePath } from './product.js';
import type { Artifact, ProductEvent, ProductState, Release } from './product.js';

export type ProductCommand =
  | { type: 'import-catalogue'; catalogue: Catalogue; at: Instant }
  | { type: 'mark-release'; product: string; version: string; mark: MarkName; reason: string; until: Instant | null; at: Instant }
  | { type: 'unmark-release'; product: string; version: string; mark: MarkName; reason: string; at: Instant };

type Of<T extends ProductCommand['type']> = Extract<ProductCommand, { type: T }>;

/** Records what a catalogue says anew; importing the same catalogue again records nothing. */
function importCatalogue({ catalogue, at }: Of<'import-catalogue'>, state: ProductState): Decision<ProductEvent> {
  const wrong = checkCatalogue(catalogue);
  if (wrong) return wrong;
  const known = state.status === 'registered' ? state : undefined;
  const releases = importReleases(catalogue, known?.releases ?? new Map(), at);
  if (isRefused(releases)) return releases;
  const { product, name, versionCommand, healthCommand } = catalogue;
  const head = { product, name, versionCommand, healthCommand };
  const events: ProductEvent[] = [];
  if (!known || !sameJson(head, { product: known.product, name: known.name, versionCommand: known.versionCommand, healthCommand: known.healthCommand })) {
    events.push({ type: 'product.registered', data: head });
  }
  events.push(...releases.events);
  for (const runbook of catalogue.runbooks) {
    if (known?.runbooks.get(runbook.runbook)?.digest !== runbook.digest) events.push({ type: 'product.runbook-published', data: runbook });
  }
  for (const gone of known?.paths ?? []) {
    if (!catalogue.paths.some((path) => samePath(path, gone))) events.push({ type: 'product.path-withdrawn', data: { from: gone.from, to: gone.to } });
  }
  for (const path of catalogue.paths) {
    if (!known?.paths.some((one) => sameJson(one, path))) events.push({ type: 'product.path-published', data: path });
  }
  if (!sameJson(known?.requires ?? [], catalogue.requires)) events.push({ type: 'product.requirements-set', data: { product, requires: catalogue.requires } });
  return accept(...events, ...importWays(catalogue, known));
}

/** Lists that are recorded whole, when they have changed. */
function importWays({ product, methods = [], downgrades = [], procedures = [] }: Catalogue, known: Extract<ProductState, { status: 'registered' }> | undefined): ProductEvent[] {
  const events: ProductEvent[] = [];
  if (!sameJson(methods, known?.methods ?? [])) events.push({ type: 'product.methods-published', data: { product, methods } });
  if (!sameJson(downgrades, known?.downgrades ?? [])) events.push({ type: 'product.downgrades-published', data: { product, downgrades } });
  if (!sameJson(procedures, known?.procedures ?? [])) events.push({ type: 'product.procedures-published', data: { product, procedures } });
  return events;
}

function importReleases({ product, releases }: Catalogue, known: ReadonlyMap<string, Release>, at: Instant): Decision<ProductEvent> {
  const events: ProductEvent[] = [];
  for (const release of releases) {
    const { version } = release;
    const before = known.get(version);
    if (!before) events.push({ type: 'product.release-published', data: release });
    else if (isPublished(before, at) && !goOn(before.artifacts, release.artifacts)) {
      // What people run under a version must stay what was tested under it.
      return refuse('release-artifact-changed', { product, version });
    } else if ((before.released !== null || before.scheduled === null) && !isPublished(release, at)) {
      // Back among the scheduled ones, its artifacts could be changed; a date that had only been set may move.
      return refuse('release-unpublished', { product, version });
    } else if (!sameJson(before, release)) events.push({ type: 'product.release-amended', data: release });
  }
  return { events };
}

/** What is there stays as it is, in its place: the first artifact is the one that is installed. */
function goOn(before: readonly Artifact[], now: readonly Artifact[]): boolean {
  return sameJson(before, now.slice(0, before.length));
}

/** A scheduled release can be marked too; the same mark again records nothing. */
function mark({ product, version, mark: name, reason, until, at }: Of<'mark-release'>, state: ProductState): Decision<ProductEvent> {
  if (state.status === 'none') return refuse('product-unknown', { product });
  if (!state.releases.has(version)) return refuse('version-unknown', { product, version });
  if (reason.trim() === '') return refuse('reason-missing', {});
  if (until !== null && isDue(until, at)) return refuse('mark-expired', { until });
  const before = marksAt(state.marks, at).find((one) => one.version === version && one.mark === name);
  if (before && before.reason === reason && before.until === until) return nothing;
  return accept({ type: 'product.release-marked', data: { product, version, mark: name, reason, from: at, until } });
}

function unmark({ product, version, mark: name, reason, at }: Of<'unmark-release'>, state: ProductState): Decision<ProductEvent> {
  if (state.status === 'none') return refuse('product-unknown', { product });
  const holds = marksAt(state.marks, at).some((one) => one.version === version && one.mark === name);
  if (!holds) return refuse('release-not-marked', { product, version, mark: name });
  return accept({ type: 'product.release-unmarked', data: { product, version, mark: name, reason, at } });
}

export const productDecider: Decider<ProductCommand, ProductState, ProductEvent> = {
  initial: noProduct,
  evolve: evolveProduct,
  decide(command, state) {
    switch (command.type) {
      case 'import-catalogue':
        return importCatalogue(command, state);
      case 'mark-release':
        return mark(command, state);
      case 'unmark-release':
        return unmark(command, state);
      default:
        return never(command);
    }
  },
};
