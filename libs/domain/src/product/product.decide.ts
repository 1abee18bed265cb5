import { accept, isRefused, never, refuse } from '../kernel/decision.js';
import type { Decider, Decision } from '../kernel/decision.js';
import { sameJson } from '../kernel/json.js';
import { checkCatalogue } from './catalogue.js';
import type { Catalogue } from './catalogue.js';
import { evolveProduct, noProduct, samePath } from './product.js';
import type { ProductEvent, ProductState, Release } from './product.js';

export type ProductCommand = { type: 'import-catalogue'; catalogue: Catalogue };

/** Records what a catalogue says anew; importing the same catalogue again records nothing. */
function importCatalogue(catalogue: Catalogue, state: ProductState): Decision<ProductEvent> {
  const wrong = checkCatalogue(catalogue);
  if (wrong) return wrong;
  const known = state.status === 'registered' ? state : undefined;
  const releases = importReleases(catalogue, known?.releases ?? new Map());
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
  return accept(...events);
}

function importReleases(catalogue: Catalogue, known: ReadonlyMap<string, Release>): Decision<ProductEvent> {
  const events: ProductEvent[] = [];
  for (const release of catalogue.releases) {
    const before = known.get(release.version);
    if (!before) events.push({ type: 'product.release-published', data: release });
    else if (before.released !== null && !sameJson(before.artifacts, release.artifacts)) {
      // What people run under a version must stay what was tested under it.
      return refuse('release-artifact-changed', { product: catalogue.product, version: release.version });
    } else if (!sameJson(before, release)) events.push({ type: 'product.release-amended', data: release });
  }
  return { events };
}

export const productDecider: Decider<ProductCommand, ProductState, ProductEvent> = {
  initial: noProduct,
  evolve: evolveProduct,
  decide(command, state) {
    switch (command.type) {
      case 'import-catalogue':
        return importCatalogue(command.catalogue, state);
      default:
        return never(command.type);
    }
  },
};
