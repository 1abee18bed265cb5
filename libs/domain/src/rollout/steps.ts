import { refuse } from '../kernel/decision.js';
import type { Refusal } from '../kernel/refusals.js';
import type { PlannedStep, RouteValues } from '../node/passage.js';
import type { ProductState, RunbookStep } from '../product/product.js';

type Product = Extract<ProductState, { status: 'registered' }>;

/** A person's day. */
const decideDefaultSeconds = 24 * 3600;

/** The steps of runbooks in order, fixed by their digests. Every parameter that they declare must have a value. */
export function stepsOfRunbooks(
  product: Product, names: readonly string[], values: RouteValues, { leg, version }: { leg: number; version: string },
): { steps: PlannedStep[] } | { refusal: Refusal } {
  const steps: PlannedStep[] = [];
  for (const name of names) {
    const published = product.runbooks.get(name);
    if (!published) return refuse('runbook-unknown', { runbook: name, to: version });
    const parameters = Object.keys(published.content.parameters);
    const missing = parameters.find((parameter) => parameter !== 'node' && !(parameter in values));
    if (missing !== undefined) return refuse('release-without-artifact', { version, parameter: missing });
    for (const step of published.content.steps) {
      const { title, kind, timeoutMs, attempts, repeat, onFailure, changes } = step;
      steps.push({
        runbook: name, digest: published.digest, step: step.step, title, kind, leg, timeoutSeconds: Math.ceil(timeoutMs / 1000), attempts, repeat,
        onFailure, changes, parameters, ...ofItsKind(step, values),
      });
    }
  }
  return { steps };
}

function ofItsKind({ kind, install, decideMs }: RunbookStep, values: RouteValues): Pick<PlannedStep, 'sha256' | 'decideSeconds'> {
  if (kind === 'review') return { decideSeconds: decideMs === undefined ? decideDefaultSeconds : Math.ceil(decideMs / 1000) };
  if (kind !== 'install') return {};
  const named = /^\$\{(\w+)\}$/.exec(install?.sha256 ?? '${sha256}')?.[1];
  const sha256 = named === undefined ? install!.sha256 : values[named];
  return sha256 === undefined ? {} : { sha256 };
}
