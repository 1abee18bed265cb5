import { compareVersions, namePattern, versionPattern } from '../kernel/names.js';
import { refuse } from '../kernel/decision.js';
import type { Refusal } from '../kernel/refusals.js';
import { artifactParameters } from './parameters.js';
import type { Downgrade, Method, Procedure, PublishedRunbook, Release, Requirement, UpgradePath } from './product.js';

/** A product as its catalogue describes it, already read and shaped. */
export interface Catalogue {
  product: string;
  name: string;
  versionCommand: string[];
  healthCommand: string[] | null;
  releases: Release[];
  paths: UpgradePath[];
  runbooks: PublishedRunbook[];
  methods?: Method[];
  downgrades?: Downgrade[];
  procedures?: Procedure[];
  requires?: Requirement[];
}

/** What a plan can give to a runbook, beside the further artifacts of its release. */
export const planParameters = ['from', 'to', 'number', 'artifact', 'sha256', 'backup', 'rollout', 'node'] as const;

/** Whether a catalogue makes sense as a whole; the first thing that does not. */
export function checkCatalogue(catalogue: Catalogue): { refusal: Refusal } | undefined {
  const problems = [...badNames(catalogue), ...duplicates(catalogue), ...danglingVersions(catalogue), ...wrongWays(catalogue)];
  if (problems.length > 0) return refuse('catalogue-invalid', { product: catalogue.product, problems });
  const cycle = findCycle(catalogue.paths);
  if (cycle) return refuse('catalogue-cycle', { product: catalogue.product, cycle: cycle.join(' -> ') });
  const backwards = catalogue.paths.flatMap(({ from, to }) => from.filter((one) => compareVersions(one, to) >= 0).map((one) => `${one} -> ${to} does not go forward`));
  if (backwards.length > 0) return refuse('catalogue-invalid', { product: catalogue.product, problems: backwards });
  return missingRunbook(catalogue) ?? unknownParameter(catalogue);
}

function badNames({ product, releases }: Catalogue): string[] {
  const versions = releases.map((release) => release.version).filter((version) => !versionPattern.test(version));
  return [...(namePattern.test(product) ? [] : [`${product} is not a name for a product`]), ...versions.map((version) => `${version} is not a version`)];
}

function duplicates(catalogue: Catalogue): string[] {
  const twice = (label: string, names: string[]) =>
    names.filter((name, i) => names.indexOf(name) !== i).map((name) => `${label} ${name} stands there twice`);
  return [
    ...twice('release', catalogue.releases.map((release) => release.version)),
    ...twice('runbook', catalogue.runbooks.map((runbook) => runbook.runbook)),
    ...twice('method', (catalogue.methods ?? []).map((one) => one.method)),
    ...twice('procedure', (catalogue.procedures ?? []).map((one) => one.procedure)),
    ...twice('downgrade', (catalogue.downgrades ?? []).flatMap((one) => one.from.map((from) => `${from} -> ${one.to}`))),
    ...twice('path', catalogue.paths.flatMap((path) => path.from.map((from) => `${from} -> ${path.to}`))),
  ];
}

function danglingVersions(catalogue: Catalogue): string[] {
  const known = new Set(catalogue.releases.map((release) => release.version));
  return catalogue.paths.flatMap((path) =>
    [...path.from, path.to].filter((version) => !known.has(version)).map((version) => `a path names ${version}, which is no release`),
  );
}

/** A cycle among the versions that paths join, as the versions along it, the first one again at the end. */
export function findCycle(paths: readonly UpgradePath[]): string[] | undefined {
  const next = new Map<string, string[]>();
  for (const path of paths) for (const from of path.from) next.set(from, [...(next.get(from) ?? []), path.to]);
  const done = new Set<string>();
  const walk = (version: string, trail: string[]): string[] | undefined => {
    const at = trail.indexOf(version);
    if (at >= 0) return [...trail.slice(at), version];
    if (done.has(version)) return undefined;
    for (const to of next.get(version) ?? []) {
      const cycle = walk(to, [...trail, version]);
      if (cycle) return cycle;
    }
    done.add(version);
    return undefined;
  };
  for (const version of next.keys()) {
    const cycle = walk(version, []);
    if (cycle) return cycle;
  }
  return undefined;
}

/** What is wrong with methods, ways down and procedures. */
function wrongWays({ releases, paths, methods = [], downgrades = [], procedures = [] }: Catalogue): string[] {
  const known = new Set(releases.map((release) => release.version));
  const strange = (what: string, versions: string[]) => versions.filter((version) => !known.has(version)).map((version) => `${what} names ${version}, which is no release`);
  const place = methods.length > 0 ? undefined : paths.flatMap((path) => [...path.upgrade, ...path.rollback]).find((name) => name.startsWith('@'));
  return [
    ...(place === undefined ? [] : [`a path names ${place}, and there is no method`]),
    ...downgrades.flatMap(({ from, to }) => [...strange('a downgrade', [...from, to]), ...from.filter((one) => compareVersions(one, to) <= 0).map((one) => `${one} -> ${to} does not go back`)]),
    ...procedures.flatMap(({ procedure, to }) => strange(`the procedure ${procedure}`, to === null ? [] : [to])),
  ];
}

function missingRunbook({ runbooks, paths, methods = [], downgrades = [], procedures = [] }: Catalogue): { refusal: Refusal } | undefined {
  const known = new Set(runbooks.map((runbook) => runbook.runbook));
  const named = [
    ...paths.map((path) => ({ to: path.to, names: [...path.upgrade, ...path.rollback].filter((name) => !name.startsWith('@')) })),
    ...methods.map((one) => ({ to: one.method, names: [...one.install, ...one.rollback] })),
    ...downgrades.map((one) => ({ to: one.to, names: one.runbooks })),
    ...procedures.map((one) => ({ to: one.procedure, names: one.runbooks })),
  ];
  for (const { to, names } of named) {
    const missing = names.find((name) => !known.has(name));
    if (missing !== undefined) return refuse('runbook-unknown', { runbook: missing, to });
  }
  return undefined;
}

function unknownParameter(catalogue: Catalogue): { refusal: Refusal } | undefined {
  const further = new Set(catalogue.releases.flatMap((release) => Object.keys(artifactParameters(release))));
  const known = [...planParameters, ...[...further].filter((name) => !(planParameters as readonly string[]).includes(name)).sort()];
  for (const { runbook, content } of catalogue.runbooks) {
    const parameter = Object.keys(content.parameters).find((name) => !known.includes(name));
    if (parameter !== undefined) return refuse('parameter-unknown', { runbook, parameter, known });
  }
  return undefined;
}
