import { compareVersions } from '../kernel/names.js';
import type { Release } from './product.js';

export const supportWords = ['scheduled', 'current', 'supported', 'deprecated', 'end-of-life'] as const;
export type Support = (typeof supportWords)[number];

/** What support depends on. Dates are days (YYYY-MM-DD); null where nothing is said. */
export type Dated = Pick<Release, 'version' | 'released' | 'scheduled' | 'activeSupportEnds' | 'supportEnds'>;

/**
 * How a release stands among the others on a day, whichever day that is. The day on which support ends is the last one
 * with it. `current` is the newest that is out and neither deprecated nor at its end of life; a pre-release only
 * when there is nothing else.
 */
export function supportOf(release: Dated, releases: readonly Dated[], day: string): Support {
  const own = standing(release, day);
  if (own !== 'supported') return own;
  const supported = releases.filter((one) => standing(one, day) === 'supported');
  const stable = supported.filter(({ version }) => !isPreRelease(version));
  const newest = (stable.length > 0 ? stable : supported).reduce((best, one) => (compareVersions(one.version, best.version) > 0 ? one : best));
  return newest.version === release.version ? 'current' : 'supported';
}

/** By its own dates alone. */
function standing({ released, scheduled, activeSupportEnds, supportEnds }: Dated, day: string): Exclude<Support, 'current'> {
  const out = released ?? scheduled;
  if (out !== null && out > day) return 'scheduled';
  if (supportEnds !== null && supportEnds < day) return 'end-of-life';
  return activeSupportEnds !== null && activeSupportEnds < day ? 'deprecated' : 'supported';
}

function isPreRelease(version: string): boolean {
  return version.replace(/\+.*$/, '').includes('-');
}

/** The release that is to come out next after a day, as far as is known then; of the same day the oldest version. */
export function nextScheduled<R extends Dated>(releases: readonly R[], day: string): R | undefined {
  const out = (release: R) => (release.released ?? release.scheduled)!;
  const coming = releases.filter((release) => standing(release, day) === 'scheduled');
  return coming.toSorted((a, b) => (out(a) === out(b) ? compareVersions(a.version, b.version) : out(a) < out(b) ? -1 : 1))[0];
}
