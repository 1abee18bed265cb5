import { accept, isRefused, never, refuse } from '../kernel/decision.js';
import type { Decider, Decision } from '../kernel/decision.js';
import { sameJson } from '../kernel/json.js';
import type { Instant } from '../kernel/time.js';
import { checkCatalogue } from './catalogue.js';
import type { Catalogue } from './catalogue.js';
import { evolveProduct, isPublished, noProduct, samePath } from './product.js';
import type { Artifact, ProductEvent, ProductState, Release } from './product.js';

export type ProductCommand = { type: 'import-catalogue'; catalogue: Catalogue; at: Instant };

/** Records what a catalogue says anew; importing the same catalogue again records nothing. */
function importCatalogue({ catalogue, at }: ProductCommand, state: ProductState): Decision<ProductEvent> {
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

export const productDecider: Decider<ProductCommand, ProductState, ProductEvent> = {
  initial: noProduct,
  evolve: evolveProduct,
  decide(command, state) {
    switch (command.type) {
      case 'import-catalogue':
        return importCatalogue(command, state);
      default:
        return never(command.type);
    }
  },
};
