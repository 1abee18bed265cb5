/** Names of nodes, sites, agents and products: lower case, digits, dots and dashes, 1 to 63 characters. */
export const namePattern = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/;

/** A release's version, with or without the leading v: v0.7.0, 22.04, 1.0.0-rc.1. */
export const versionPattern = /^v?\d+(\.\d+){0,3}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

export const digestPattern = /^[0-9a-f]{64}$/;

const numeric = /^\d+$/;

/** Negative when `a` is older than `b`: numbers part by part, and a pre-release before its release (semver 2.0, 11). */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)];
  for (let i = 0; i < Math.max(left.numbers.length, right.numbers.length); i++) {
    const difference = (left.numbers[i] ?? 0) - (right.numbers[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return comparePreReleases(left.pre, right.pre);
}

function parse(version: string): { numbers: number[]; pre: string[] } {
  const bare = version.replace(/^v/, '').replace(/\+.*$/, '');
  const dash = bare.indexOf('-');
  const core = dash < 0 ? bare : bare.slice(0, dash);
  return { numbers: core.split('.').map(Number), pre: dash < 0 ? [] : bare.slice(dash + 1).split('.') };
}

function comparePreReleases(a: string[], b: string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [left, right] = [a[i], b[i]];
    if (left === undefined || right === undefined) return left === undefined ? -1 : 1;
    if (left === right) continue;
    if (numeric.test(left) && numeric.test(right)) return Number(left) - Number(right);
    if (numeric.test(left) !== numeric.test(right)) return numeric.test(left) ? -1 : 1;
    return left < right ? -1 : 1;
  }
  return 0;
}
