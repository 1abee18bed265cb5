/** Names of nodes, sites, agents and products: lower case, digits, dots and dashes, 1 to 63 characters. */
export const namePattern = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/;

/** A release's version, with or without the leading v, of at most 64 characters: v0.7.0, 22.04, 1.0.0-rc.1. */
export const versionPattern = /^(?=.{1,64}$)v?\d+(\.\d+){0,3}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

export const digestPattern = /^[0-9a-f]{64}$/;

const numeric = /^\d+$/;

/** Negative when `a` is older than `b`: numbers part by part, and a pre-release before its release (semver 2.0, 11). */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)];
  for (let i = 0; i < Math.max(left.numbers.length, right.numbers.length); i++) {
    const difference = compareNumerals(left.numbers[i] ?? '0', right.numbers[i] ?? '0');
    if (difference !== 0) return difference;
  }
  return comparePreReleases(left.pre, right.pre);
}

function parse(version: string): { numbers: string[]; pre: string[] } {
  const bare = version.replace(/^v/, '').replace(/\+.*$/, '');
  const dash = bare.indexOf('-');
  const core = dash < 0 ? bare : bare.slice(0, dash);
  return { numbers: core.split('.'), pre: dash < 0 ? [] : bare.slice(dash + 1).split('.') };
}

/** By value, however long: a number would forget the last digits of a date with a time in it. */
function compareNumerals(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+(?=\d)/, ''), b.replace(/^0+(?=\d)/, '')];
  if (left.length !== right.length) return left.length - right.length;
  return left === right ? 0 : left < right ? -1 : 1;
}

function comparePreReleases(a: string[], b: string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [left, right] = [a[i], b[i]];
    if (left === undefined || right === undefined) return left === undefined ? -1 : 1;
    const [leftNumeric, rightNumeric] = [numeric.test(left), numeric.test(right)];
    if (leftNumeric !== rightNumeric) return leftNumeric ? -1 : 1;
    const difference = leftNumeric ? compareNumerals(left, right) : left === right ? 0 : left < right ? -1 : 1;
    if (difference !== 0) return difference;
  }
  return 0;
}
