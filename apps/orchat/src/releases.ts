/** The forms that settings have had. Schema 3 exists without (v0.5) and with (v0.6) a metrics section. */
export type Shape = 'schema2' | 'schema3' | 'schema3-metrics' | 'schema4';

export type Feature = 'basic' | 'streaming' | 'history' | 'workspace' | 'metrics';

/** How a release keeps its files and what it can do. The build puts one of these into each artifact. */
export interface Release {
  version: string;
  /** The settings it works with. */
  settings: Shape;
  /** Settings that it can read in order to convert them. */
  reads: Shape[];
  /** Settings that it converts by itself at the first start that may change the home. */
  convertsAtStart: Shape[];
  history: 1 | 2;
  /** Where in ~/.config/orchat it keeps the API key. */
  key: 'config' | 'secure/key.enc';
  /** journalBytes is the size of a journal that is allocated in full at once; 0 means a file that grows. */
  metrics: { api: number; journalBytes: number } | null;
  features: Feature[];
  /** Free bytes that it wants in the home, besides the metrics journal. */
  room: number;
}

const kib = 1024;
const journalBytes = 256 * kib;

const v03: Release = {
  version: 'v0.3.0',
  settings: 'schema2',
  reads: ['schema2'],
  convertsAtStart: [],
  history: 1,
  key: 'config',
  metrics: null,
  features: ['basic', 'history'],
  room: 32 * kib,
};

const v04: Release = { ...v03, version: 'v0.4.0', history: 2, features: ['basic', 'streaming', 'history'] };

const v05: Release = {
  ...v04,
  version: 'v0.5.0',
  settings: 'schema3',
  reads: ['schema2', 'schema3'],
  features: ['basic', 'streaming', 'history', 'workspace'],
};

const v060: Release = {
  ...v05,
  version: 'v0.6.0',
  settings: 'schema3-metrics',
  reads: ['schema2', 'schema3', 'schema3-metrics'],
  convertsAtStart: ['schema3'],
  metrics: { api: 2, journalBytes: 0 },
  features: ['basic', 'streaming', 'history', 'workspace', 'metrics'],
  room: 64 * kib,
};

/** The patch that can take settings of v0.7 back, so that a node can return to the v0.6 series. */
const v062: Release = { ...v060, version: 'v0.6.2', reads: [...v060.reads, 'schema4'] };

const v07: Release = {
  ...v062,
  version: 'v0.7.0',
  settings: 'schema4',
  convertsAtStart: ['schema3-metrics'],
  key: 'secure/key.enc',
  metrics: { api: 2, journalBytes },
};

const v08: Release = { ...v07, version: 'v0.8.0' };

/** Oldest first. */
export const releases: readonly Release[] = [v03, v04, v05, v060, v062, v07, v08];

/** The release of that version; a series like v0.6 means its newest release. */
export function releaseNamed(version: string): Release | undefined {
  return releases.findLast((known) => known.version === version || known.version.startsWith(`${version}.`));
}

export function isNewer(release: Release, than: Release): boolean {
  const order = (wanted: Release) => releases.findIndex((known) => known.version === wanted.version);
  return order(release) > order(than);
}
