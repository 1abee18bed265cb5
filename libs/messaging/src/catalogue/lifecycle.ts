import { name as namePattern } from '../shapes.js';
import { FrontMatter } from './front-matter.js';
import type { Entry } from './front-matter.js';
import type { FileProblem } from './yaml-reader.js';

type Until = string | boolean | null;

/** A product file of endoflife.date, as far as it tells how long releases are supported. */
export interface LifecycleFile {
  product: string;
  title: string;
  link: string | null;
  cycles: {
    cycle: string; label: string | null; codename: string | null; released: string | null; lts: Until; activeSupportEnds: Until; supportEnds: Until;
    extendedSupportEnds: Until; discontinued: Until; latest: string | null; latestReleased: string | null; link: string | null;
  }[];
}

type Cycle = LifecycleFile['cycles'][number];

const cyclesMax = 5_000;
const nameMax = 200;
/** A day, with or without a time behind it; also as people write it, 2026-1-5. */
const day = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt ]+\d{1,2}:\d{2}.*)?$/;

export function parseLifecycle(file: string, text: string): LifecycleFile | { problems: FileProblem[] } {
  const matter = new FrontMatter(file, text);
  const { root } = matter;
  if (matter.problems.length > 0) return { problems: matter.problems };
  if (!root.isMap) {
    root.wrong('must be a map of title, permalink, releases');
    return { problems: matter.problems };
  }
  const product = productOf(file, root.get('permalink'));
  const title = textIn(root.get('title'), 500) ?? product;
  const lifecycle = { product, title, link: linkIn(root.get('releasePolicyLink', 'link')), cycles: readCycles(root) };
  return matter.problems.length > 0 ? { problems: matter.problems } : lifecycle;
}

/** The name in the permalink, as addresses of the site have it; without one, that of the file. */
function productOf(file: string, permalink: Entry): string {
  const said = permalink.scalar();
  const base = file.replace(/^.*[\\/]/, '').replace(/\.(md|markdown|ya?ml)$/i, '');
  const wanted = typeof said === 'string' ? said.replace(/^\/+|\/+$/g, '') : base;
  const product = wanted.toLowerCase().replace(/[^a-z0-9.-]+/g, '-').replace(/^[.-]+|[.-]+$/g, '');
  if (namePattern.test(product)) return product;
  permalink.wrong(`must name the product in at most 63 letters, digits, dots and dashes, like /alpine-linux`);
  return '';
}

function readCycles(root: Entry): Cycle[] {
  const releases = root.get('releases');
  const items = releases.items();
  if (!items) return releases.wrong(releases.present ? 'must be a list of releases' : 'is missing; it must be a list of releases') ?? [];
  if (items.length > cyclesMax) return releases.wrong(`must list at most ${cyclesMax} releases`) ?? [];
  const template = { label: templateIn(root.get('releaseLabel')), link: templateIn(root.get('changelogTemplate')) };
  const seen = new Set<string>();
  return items.flatMap((item) => {
    if (!item.isMap) return item.wrong('must be a map of releaseCycle, releaseDate, eol') ?? [];
    const cycle = readCycle(item, template);
    if (seen.has(cycle.cycle)) item.get('releaseCycle').wrong(`${cycle.cycle} stands there twice`);
    seen.add(cycle.cycle);
    return [cycle];
  });
}

function readCycle(item: Entry, template: { label: string | null; link: string | null }): Cycle {
  const name = item.get('releaseCycle', 'cycle');
  const cycle = textIn(name, nameMax);
  if (cycle === null) name.wrong(name.present ? `must be a text of at most ${nameMax} characters` : 'is missing; every release has a name');
  const known = { cycle: cycle ?? '', codename: textIn(item.get('codename'), nameMax), latest: textIn(item.get('latest'), nameMax), latestReleased: dayIn(item.get('latestReleaseDate')) };
  const own = item.get('link');
  return {
    ...known,
    label: fill(templateIn(item.get('releaseLabel')) ?? template.label, known),
    released: dateIn(item.get('releaseDate', 'release')),
    lts: untilIn(item.get('lts')),
    activeSupportEnds: either(untilIn(item.get('eoas')), opposite(untilIn(item.get('support')))),
    supportEnds: untilIn(item.get('eol')),
    extendedSupportEnds: either(untilIn(item.get('eoes')), opposite(untilIn(item.get('extendedSupport')))),
    discontinued: untilIn(item.get('discontinued')),
    link: own.present ? address(fill(templateIn(own), known)) : address(fill(template.link, known)),
  };
}

const either = (first: Until, second: Until) => first ?? second;
/** The columns that were once called support say whether there is any, not whether it is over. */
const opposite = (until: Until) => (typeof until === 'boolean' ? !until : until);

function untilIn(entry: Entry): Until {
  const said = entry.scalar();
  if (said === null) return null;
  if (said !== undefined && /^(true|yes|on)$/i.test(said)) return true;
  if (said !== undefined && /^(false|no|off)$/i.test(said)) return false;
  return dayOf(said) ?? entry.wrong('must be a day like 2026-01-16, true or false') ?? null;
}

function dateIn(entry: Entry): string | null {
  const said = entry.scalar();
  return said === null ? null : (dayOf(said) ?? entry.wrong('must be a day like 2026-01-16') ?? null);
}

/** For what nothing is judged by: what cannot be read is left out. */
const dayIn = (entry: Entry) => dayOf(entry.scalar()) ?? null;

function dayOf(text: string | null | undefined): string | undefined {
  const parts = day.exec(text ?? '');
  if (!parts) return undefined;
  const [year, month, date] = [parts[1]!, parts[2]!.padStart(2, '0'), parts[3]!.padStart(2, '0')];
  const written = `${year}-${month}-${date}`;
  // A day that there is: 2026-02-30 would become another.
  const ms = Date.parse(`${written}T00:00:00.000Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 10) === written ? written : undefined;
}

function textIn(entry: Entry, max: number): string | null {
  const said = entry.scalar();
  return typeof said === 'string' && said !== '' && said.length <= max ? said : null;
}

const templateIn = (entry: Entry) => textIn(entry, 2_000);
const linkIn = (entry: Entry) => address(textIn(entry, 2_000));
const address = (text: string | null) => (text !== null && text.length <= 2_000 && /^https?:\/\/\S+$/.test(text) ? text : null);

/** A label or an address with the cycle's own words in it, without marks of HTML. What would have to be computed is left out. */
function fill(template: string | null, { cycle, codename, latest, latestReleased }: Pick<Cycle, 'cycle' | 'codename' | 'latest' | 'latestReleased'>): string | null {
  if (template === null || /\{[{%]/.test(template)) return null;
  const words: [string, string | null][] = [['__RELEASE_CYCLE__', cycle], ['__CODENAME__', codename], ['__LATEST_RELEASE_DATE__', latestReleased], ['__LATEST__', latest]];
  const filled = words.reduce((text, [place, word]) => text.replaceAll(place, () => word ?? ''), template.replace(/<[^<>]*>/g, '')).trim();
  return filled === '' || filled.length > 2_000 ? null : filled;
}
