import { catalogue, clock, digest, given, productEvents, release, runbook, runbooks, step } from '../../../../test/support/given.js';
import type { Catalogue } from './catalogue.js';
import { productDecider } from './product.decide.js';
import { evolveProduct, noProduct } from './product.js';
import type { ProductEvent } from './product.js';

const at = clock(0);
const importing = (rules: Partial<Catalogue> = {}, when = at) => ({ type: 'import-catalogue' as const, catalogue: catalogue(rules), at: when });
/** The releases of the sample, with one of them as given. */
const withRelease = (one: ReturnType<typeof release>) => ({
  releases: catalogue().releases.map((before) => (before.version === one.version ? one : before)),
});
const known = (rules: Partial<Catalogue> = {}) => given(productDecider, productEvents(catalogue(rules)));

describe('importing a catalogue', () => {
  it('records a new product with all that its catalogue says', () => {
    const { product, name, versionCommand, healthCommand, releases, paths } = catalogue();
    given(productDecider).when(importing()).records(
      { type: 'product.registered', data: { product, name, versionCommand, healthCommand } },
      ...releases.map((data): ProductEvent => ({ type: 'product.release-published', data })),
      ...Object.values(runbooks).map((data): ProductEvent => ({ type: 'product.runbook-published', data })),
      ...paths.map((data): ProductEvent => ({ type: 'product.path-published', data })),
    );
  });

  it('records nothing when it is imported again, in whatever order it lists things', () => {
    known().when(importing()).staysQuiet();
    const { releases, paths } = catalogue();
    const turned = { releases: releases.toReversed(), paths: paths.toReversed(), runbooks: Object.values(runbooks).toReversed() };
    known().when(importing(turned)).staysQuiet();
  });

  it('refuses a catalogue that does not make sense, and records nothing of it', () => {
    const paths = [...catalogue().paths, { ...catalogue().paths[0]!, from: ['v0.7.0'], to: 'v0.5.0' }];
    known().when(importing({ name: 'Another', paths })).refuses('catalogue-cycle', {
      product: 'orchat', cycle: 'v0.5.0 -> v0.6.0 -> v0.7.0 -> v0.5.0',
    });
  });

  it('records a new name or a new way to observe as the product registered anew, and keeps what it has', () => {
    const after = known().when(importing({ healthCommand: null })).decided;
    const { product, name, versionCommand } = catalogue();
    expect(after).toEqual({ events: [{ type: 'product.registered', data: { product, name, versionCommand, healthCommand: null } }] });
    const state = evolveProduct(known().state, { type: 'product.registered', data: { product, name, versionCommand, healthCommand: null } });
    expect(state).toEqual({ ...known().state, healthCommand: null });
  });

  it('records amended dates of a release', () => {
    const dated = release('v0.7.0', { released: '2026-01-16', supportEnds: '2026-09-01' });
    known().when(importing(withRelease(dated))).records({ type: 'product.release-amended', data: dated });
  });

  it('keeps a release that the catalogue leaves out: it may be running somewhere', () => {
    const { releases, paths } = catalogue();
    known().when(importing({ releases: releases.slice(1), paths: paths.slice(1) })).recordsTypes('product.path-withdrawn');
  });

  it('records a changed runbook under its new digest, and does not touch the others', () => {
    const changed = runbook('before', [], [step('system'), step('health', { attempts: 3 })]);
    expect(changed.digest).not.toBe(runbooks.before.digest);
    known().when(importing({ runbooks: [changed, ...Object.values(runbooks).slice(1)] })).records(
      { type: 'product.runbook-published', data: changed },
    );
  });

  it('takes a path back before another takes its place', () => {
    const [first, second] = catalogue().paths;
    const joined = { ...second!, from: ['v0.5.0', 'v0.6.0'] };
    known().when(importing({ paths: [joined] })).records(
      { type: 'product.path-withdrawn', data: { from: first!.from, to: first!.to } },
      { type: 'product.path-withdrawn', data: { from: second!.from, to: second!.to } },
      { type: 'product.path-published', data: joined },
    );
  });

  it('records a path with other runbooks in the place of the one that it was', () => {
    const [first, second] = catalogue().paths;
    const shorter = { ...second!, upgrade: ['install', 'verify'] };
    const { decided } = known().when(importing({ paths: [first!, shorter] }));
    expect(decided).toEqual({ events: [{ type: 'product.path-published', data: shorter }] });
    const state = evolveProduct(known().state, { type: 'product.path-published', data: shorter });
    expect(state).toMatchObject({ paths: [first, shorter] });
  });
});

describe('methods, ways down and procedures', () => {
  const methods = [{ method: 'binary', install: ['install'], rollback: ['rollback'], when: {} }];
  const downgrades = [{ from: ['v0.7.0'], to: 'v0.6.0', runbooks: ['rollback'], reason: null }];
  const procedures = [{ procedure: 'repair', title: 'Mend it', runbooks: ['before'], to: null }];

  it('are recorded whole when they change, and not again', () => {
    known().when(importing({ methods, downgrades, procedures })).records(
      { type: 'product.methods-published', data: { product: 'orchat', methods } },
      { type: 'product.downgrades-published', data: { product: 'orchat', downgrades } },
      { type: 'product.procedures-published', data: { product: 'orchat', procedures } },
    );
    const all = known({ methods, downgrades, procedures });
    expect(all.state).toMatchObject({ methods, downgrades, procedures });
    all.when(importing({ methods, downgrades, procedures })).staysQuiet();
    all.when(importing({ methods, procedures })).records({ type: 'product.downgrades-published', data: { product: 'orchat', downgrades: [] } });
  });

  it('stay when the product gets another name', () => {
    const { product, versionCommand, healthCommand } = catalogue();
    const named = { type: 'product.registered' as const, data: { product, name: 'Another', versionCommand, healthCommand } };
    expect(evolveProduct(known({ methods, downgrades, procedures }).state, named)).toMatchObject({ name: 'Another', methods, downgrades, procedures });
  });
});

describe('a published release', () => {
  const other = [{ name: 'orchat', file: 'v0.7.0/orchat', sha256: digest('f') }];
  const added = (version: string) => [...release(version).artifacts, { name: 'notes', file: `${version}/notes`, sha256: digest('e') }];
  const refused = (version: string) => ['release-artifact-changed', { product: 'orchat', version }] as const;

  it('keeps its artifacts', () => {
    const changed = (rules: object) => importing(withRelease(release('v0.7.0', { released: '2026-01-16', ...rules })));
    known().when(changed({ artifacts: other })).refuses(...refused('v0.7.0'));
    known().when(changed({ artifacts: [] })).refuses(...refused('v0.7.0'));
    known().when(changed({ artifacts: added('v0.7.0').toReversed() })).refuses(...refused('v0.7.0'));
    known().when(changed({ artifacts: added('v0.7.0') })).recordsTypes('product.release-amended');
  });

  it('is one whose date nobody tells, as much as one with a date', () => {
    known().when(importing(withRelease(release('v0.6.0', { artifacts: other })))).refuses(...refused('v0.6.0'));
  });

  it('may get the artifact that it lacked', () => {
    known(withRelease(release('v0.6.0', { artifacts: [] }))).when(importing()).records(
      { type: 'product.release-amended', data: release('v0.6.0') },
    );
  });

  it('does not go back among the scheduled ones, where its artifacts could be changed', () => {
    const facts = (version: string) => ({ product: 'orchat', version });
    const scheduled = (version: string) => importing(withRelease(release(version, { scheduled: '2026-06-01' })));
    known().when(scheduled('v0.7.0')).refuses('release-unpublished', facts('v0.7.0'));
    known().when(scheduled('v0.6.0')).refuses('release-unpublished', facts('v0.6.0'));
  });
});

describe('a scheduled release', () => {
  const scheduled = (rules: object = {}) => withRelease(release('v0.7.0', { scheduled: '2026-01-17', ...rules }));
  const other = [{ name: 'orchat', file: 'v0.7.0/orchat', sha256: digest('f') }];

  it('may change its artifacts and its date until its day comes', () => {
    const before = '2026-01-16T23:59:59.999Z';
    known(scheduled()).when(importing(scheduled({ artifacts: other }), before)).recordsTypes('product.release-amended');
    known(scheduled()).when(importing(scheduled({ scheduled: '2026-02-01' }), before)).recordsTypes('product.release-amended');
    const published = withRelease(release('v0.7.0', { released: '2026-01-16', artifacts: other }));
    known(scheduled()).when(importing(published, before)).recordsTypes('product.release-amended');
  });

  it('keeps its artifacts from the day on that it was scheduled for', () => {
    const facts = { product: 'orchat', version: 'v0.7.0' };
    known(scheduled()).when(importing(scheduled({ artifacts: other }), '2026-01-17T00:00:00.000Z')).refuses('release-artifact-changed', facts);
    known(scheduled()).when(importing(scheduled({ scheduled: '2026-02-01' }), '2026-01-17T00:00:00.000Z')).recordsTypes('product.release-amended');
  });
});

it('holds no fact of a product before it was registered', () => {
  expect(() => evolveProduct(noProduct, { type: 'product.release-published', data: release('v0.7.0') })).toThrow('before the product was registered');
});
