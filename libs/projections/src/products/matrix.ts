import { compareVersions, cycleSupport, marksAt, nextScheduled, supportOf } from '#domain';
import type { Artifact, Cycle, Mark, Support } from '#domain';
import type { ProductEntry } from './products.entity.js';

/** A release, or a cycle of releases that others look after, as it stands on a day. */
export interface MatrixRow {
  version: string;
  support: Support;
  released: string | null;
  scheduled: string | null;
  activeSupportEnds: string | null;
  supportEnds: string | null;
  breaking: string[];
  notes: string[];
  artifacts: Artifact[];
  /** Those that hold on that day. */
  marks: Omit<Mark, 'version'>[];
  /** What its own project says of it, where that is known; null for a release of the catalogue. */
  cycle: Omit<Cycle, 'cycle'> | null;
}

export interface Matrix {
  asOf: string;
  releases: MatrixRow[];
  /** Cycles of a product that has releases in the catalogue too. */
  cycles: MatrixRow[];
  /** What is to come out next after that day. */
  next: { version: string; on: string } | null;
}

/** The releases of a product as they stand on a day, the newest first; marks as they hold at a moment of it. */
export function matrixOf({ managed, releases, marks, lifecycle }: ProductEntry, asOf: string, at: string): Matrix {
  const holding = marksAt(marks, at);
  const own = [...releases].sort((a, b) => compareVersions(b.version, a.version)).map((release): MatrixRow => ({
    ...release, support: supportOf(release, releases, asOf), cycle: null,
    marks: holding.filter(({ version }) => version === release.version).map(({ version: _version, ...mark }) => mark),
  }));
  const cycles = cycleRows(lifecycle?.cycles ?? [], asOf);
  const next = nextScheduled(releases, asOf);
  if (managed) return { asOf, releases: own, cycles, next: next ? { version: next.version, on: (next.released ?? next.scheduled)! } : null };
  const coming = cycles.filter((one) => one.support === 'scheduled').at(-1);
  return { asOf, releases: cycles, cycles: [], next: coming ? { version: coming.version, on: coming.scheduled! } : null };
}

/** The newest first; those without a day last, as they came. */
function cycleRows(cycles: readonly Cycle[], asOf: string): MatrixRow[] {
  const sorted = [...cycles].sort((a, b) => ((a.released ?? '') === (b.released ?? '') ? 0 : (a.released ?? '') < (b.released ?? '') ? 1 : -1));
  const day = (until: Cycle['supportEnds']) => (typeof until === 'string' ? until : null);
  return sorted.map(({ cycle: version, ...cycle }) => {
    const support = cycleSupport({ cycle: version, ...cycle }, cycles, asOf);
    const [released, scheduled] = support === 'scheduled' ? [null, cycle.released] : [cycle.released, null];
    return {
      version, support, released, scheduled, activeSupportEnds: day(cycle.activeSupportEnds), supportEnds: day(cycle.supportEnds), breaking: [], notes: [],
      artifacts: [], marks: [], cycle,
    };
  });
}

const columns: [heading: string, cell: (row: MatrixRow) => string][] = [
  ['version', (row) => row.version],
  ['support', (row) => row.support],
  ['released', (row) => row.released ?? ''],
  ['scheduled', (row) => row.scheduled ?? ''],
  ['active_support_ends', (row) => row.activeSupportEnds ?? ''],
  ['support_ends', (row) => row.supportEnds ?? ''],
  ['label', (row) => row.cycle?.label ?? ''],
  ['lts', (row) => String(row.cycle?.lts ?? '')],
  ['latest', (row) => row.cycle?.latest ?? ''],
  ['breaking', (row) => row.breaking.join('; ')],
  ['marks', (row) => row.marks.map(({ mark, reason, until }) => `${mark}${until === null ? '' : ` until ${until}`}: ${reason}`).join('; ')],
];

/** The matrix as RFC 4180 has tables: a heading, CRLF, quotes where they are needed. */
export function matrixCsv(product: string, { asOf, releases }: Matrix): string {
  const quoted = (cell: string) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  const line = (cells: string[]) => `${cells.map(quoted).join(',')}\r\n`;
  const headings = ['product', 'as_of', ...columns.map(([heading]) => heading)];
  return line(headings) + releases.map((row) => line([product, asOf, ...columns.map(([, cell]) => cell(row))])).join('');
}
