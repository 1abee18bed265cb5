import { refuse } from '../kernel/decision.js';
import type { Refusal } from '../kernel/refusals.js';
import type { PlannedStep, Route, RouteValues } from '../node/passage.js';
import { findRoute } from '../product/catalogue.js';
import type { ProductState, Release } from '../product/product.js';
import type { PlanRequest } from './plan.js';

type Product = Extract<ProductState, { status: 'registered' }>;

/** The way from one version to the wanted one, with every step fixed by its runbook's digest, and the way back. */
export function makeRoute(request: PlanRequest, product: Product, from: string, nodes: string[]): { route: Route } | { refusal: Refusal } {
  const { to, rollout } = request;
  const path = product.paths.find((one) => one.to === to && one.from.includes(from));
  if (!path) {
    const longer = findRoute(product.paths, from, to);
    const hint = longer ? `go by ${longer.join(' -> ')}, one rollout for each` : 'choose another version';
    return refuse('no-upgrade-path', { from, to, nodes, hint });
  }
  const backup = `pre-upgrade-${rollout}`;
  const upgradeValues = { from, to, backup, rollout, ...artifactOf(product.releases.get(to)) };
  const rollbackValues = { from: to, to: from, backup, rollout, ...artifactOf(product.releases.get(from)) };
  const upgrade = stepsFor(product, path.upgrade, upgradeValues, to);
  const rollback = stepsFor(product, path.rollback, rollbackValues, from);
  if ('refusal' in upgrade) return upgrade;
  if ('refusal' in rollback) return rollback;
  return { route: { from, to, migration: path.migration, upgrade: upgrade.steps, rollback: rollback.steps, upgradeValues, rollbackValues } };
}

function artifactOf(release: Release | undefined): RouteValues {
  const artifact = release?.artifacts[0];
  return artifact ? { artifact: artifact.file, sha256: artifact.sha256 } : {};
}

function stepsFor(product: Product, names: string[], values: RouteValues, version: string): { steps: PlannedStep[] } | { refusal: Refusal } {
  const steps: PlannedStep[] = [];
  for (const name of names) {
    const published = product.runbooks.get(name);
    if (!published) return refuse('runbook-unknown', { runbook: name, to: version });
    const parameters = Object.keys(published.content.parameters);
    const missing = parameters.find((parameter) => parameter !== 'node' && !(parameter in values));
    if (missing !== undefined) return refuse('release-without-artifact', { version, parameter: missing });
    for (const { step, title, kind, timeoutMs, attempts, repeat, onFailure, changes } of published.content.steps) {
      steps.push({
        runbook: name, digest: published.digest, step, title, kind, timeoutSeconds: Math.ceil(timeoutMs / 1000), attempts, repeat,
        onFailure, changes, parameters,
      });
    }
  }
  return { steps };
}
