import type { Requirement, UpgradePath } from './product.js';

/** Where a search has come to: a version, and the versions it must still come through before it may go where. */
interface Trail {
  versions: string[];
  paths: UpgradePath[];
  /** Indexes of requirements that were met at their `from` and not yet at their `via`. */
  open: number[];
}

/**
 * The shortest way from one version to another over the paths, undefined when there is none. It comes through the
 * versions that are required in between, and only through those that are `usable`; of ways of the same length, the one
 * whose paths are listed first.
 */
export function findWay(
  paths: readonly UpgradePath[], from: string, to: string, requires: readonly Requirement[] = [], usable: (version: string) => boolean = () => true,
): { versions: string[]; paths: UpgradePath[] } | undefined {
  const start: Trail = { versions: [from], paths: [], open: opened([], from, requires) };
  const seen = new Set([keyOf(start)]);
  for (let trails = [start]; trails.length > 0; ) {
    const longer: Trail[] = [];
    for (const trail of trails) {
      if (trail.versions.at(-1) === to) return { versions: trail.versions, paths: trail.paths };
      for (const next of stepsFrom(trail, paths, requires, (version) => version === to || usable(version))) {
        if (seen.has(keyOf(next))) continue;
        seen.add(keyOf(next));
        longer.push(next);
      }
    }
    trails = longer;
  }
  return undefined;
}

function stepsFrom(trail: Trail, paths: readonly UpgradePath[], requires: readonly Requirement[], usable: (version: string) => boolean): Trail[] {
  const here = trail.versions.at(-1)!;
  const next = paths.filter((path) => path.from.includes(here) && usable(path.to) && !trail.open.some((index) => requires[index]!.to === path.to));
  return next.map((path) => ({ versions: [...trail.versions, path.to], paths: [...trail.paths, path], open: opened(trail.open, path.to, requires) }));
}

/** What is still required once a version has been come to. */
function opened(open: readonly number[], version: string, requires: readonly Requirement[]): number[] {
  const begun = requires.flatMap((one, index) => (one.from.includes(version) && !open.includes(index) ? [index] : []));
  return [...open, ...begun].filter((index) => requires[index]!.via !== version).sort((a, b) => a - b);
}

function keyOf({ versions, open }: Trail): string {
  return `${versions.at(-1)!} ${open.join()}`;
}
