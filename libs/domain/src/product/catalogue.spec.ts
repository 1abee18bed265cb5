import fc from 'fast-check';
import { catalogue, release, runbook, step } from '../../../../test/support/given.js';
import { checkCatalogue, findCycle } from './catalogue.js';
import type { UpgradePath } from './product.js';

const path = (from: string[], to: string, rules: Partial<UpgradePath> = {}): UpgradePath => ({
  from, to, migration: 'automatic', notes: [], upgrade: ['before'], rollback: ['rollback'], ...rules,
});

it('finds nothing wrong with a catalogue that makes sense', () => {
  expect(checkCatalogue(catalogue())).toBeUndefined();
  expect(checkCatalogue(catalogue({ releases: [release('v0.5.0')], paths: [], runbooks: [] }))).toBeUndefined();
});

describe('a catalogue is refused', () => {
  const paths = catalogue().paths;
  const invalid = (...problems: string[]) => ({ refusal: { code: 'catalogue-invalid', facts: { product: 'orchat', problems } } });

  it('for what stands there twice', () => {
    const releases = [...catalogue().releases, release('v0.5.0')];
    expect(checkCatalogue(catalogue({ releases }))).toEqual(invalid('release v0.5.0 stands there twice'));
    const runbooks = [...catalogue().runbooks, runbook('before', [], [step('health')])];
    expect(checkCatalogue(catalogue({ runbooks }))).toEqual(invalid('runbook before stands there twice'));
    const twice = [...paths, path(['v0.5.0', 'v0.6.0'], 'v0.7.0')];
    expect(checkCatalogue(catalogue({ paths: twice }))).toEqual(invalid('path v0.6.0 -> v0.7.0 stands there twice'));
  });

  it('for a path from or to a version that is no release', () => {
    const dangling = [...paths, path(['v0.4.0'], 'v0.5.0'), path(['v0.7.0'], 'v0.8.0')];
    const problems = ['a path names v0.4.0, which is no release', 'a path names v0.8.0, which is no release'];
    expect(checkCatalogue(catalogue({ paths: dangling }))).toEqual(invalid(...problems));
  });

  it('for names that are none', () => {
    const named = catalogue({ product: 'Orchat!', releases: [release('latest')], paths: [] });
    const problems = ['Orchat! is not a name for a product', 'latest is not a version'];
    expect(checkCatalogue(named)).toEqual({ refusal: { code: 'catalogue-invalid', facts: { product: 'Orchat!', problems } } });
  });

  it('for a path that goes backwards, or to what only another spelling tells apart', () => {
    const releases = [...catalogue().releases, release('0.7.0')];
    const backwards = [path(['v0.5.0', 'v0.7.0'], 'v0.6.0'), path(['v0.7.0'], '0.7.0')];
    const problems = ['v0.7.0 -> v0.6.0 does not go forward', 'v0.7.0 -> 0.7.0 does not go forward'];
    expect(checkCatalogue(catalogue({ releases, paths: backwards }))).toEqual(invalid(...problems));
  });

  it('for paths that form a cycle, also of one version alone', () => {
    const cycle = (told: string) => ({ refusal: { code: 'catalogue-cycle', facts: { product: 'orchat', cycle: told } } });
    const back = [...paths, path(['v0.7.0'], 'v0.5.0')];
    expect(checkCatalogue(catalogue({ paths: back }))).toEqual(cycle('v0.5.0 -> v0.6.0 -> v0.7.0 -> v0.5.0'));
    expect(checkCatalogue(catalogue({ paths: [path(['v0.6.0'], 'v0.6.0')] }))).toEqual(cycle('v0.6.0 -> v0.6.0'));
  });

  it('for a runbook that it does not hold, on the way there or back', () => {
    const unknown = { refusal: { code: 'runbook-unknown', facts: { runbook: 'guess', to: 'v0.7.0' } } };
    expect(checkCatalogue(catalogue({ paths: [path(['v0.6.0'], 'v0.7.0', { upgrade: ['before', 'guess'] })] }))).toEqual(unknown);
    expect(checkCatalogue(catalogue({ paths: [path(['v0.6.0'], 'v0.7.0', { rollback: ['guess'] })] }))).toEqual(unknown);
  });

  it('for a runbook of a method, a way down or a procedure that it does not hold', () => {
    const unknown = (to: string) => ({ refusal: { code: 'runbook-unknown', facts: { runbook: 'guess', to } } });
    const method = { method: 'apt', install: ['install'], rollback: ['guess'], when: {} };
    expect(checkCatalogue(catalogue({ methods: [method] }))).toEqual(unknown('apt'));
    const downgrade = { from: ['v0.7.0'], to: 'v0.6.0', runbooks: ['guess'], reason: null };
    expect(checkCatalogue(catalogue({ downgrades: [downgrade] }))).toEqual(unknown('v0.6.0'));
    const procedure = { procedure: 'repair', title: 'Mend it', runbooks: ['guess'], to: null };
    expect(checkCatalogue(catalogue({ procedures: [procedure] }))).toEqual(unknown('repair'));
  });

  it('for ways that cannot be', () => {
    const asked = [path(['v0.6.0'], 'v0.7.0', { upgrade: ['before', '@install'] })];
    expect(checkCatalogue(catalogue({ paths: asked }))).toEqual(invalid('a path names @install, and there is no method'));
    const method = { method: 'binary', install: ['install'], rollback: ['rollback'], when: {} };
    expect(checkCatalogue(catalogue({ paths: asked, methods: [method] }))).toBeUndefined();
    expect(checkCatalogue(catalogue({ methods: [method, method] }))).toEqual(invalid('method binary stands there twice'));
    const down = (from: string, to: string) => ({ from: [from], to, runbooks: ['rollback'], reason: null });
    expect(checkCatalogue(catalogue({ downgrades: [down('v0.6.0', 'v0.7.0')] }))).toEqual(invalid('v0.6.0 -> v0.7.0 does not go back'));
    expect(checkCatalogue(catalogue({ downgrades: [down('v0.7.0', 'v0.1.0')] }))).toEqual(invalid('a downgrade names v0.1.0, which is no release'));
    expect(checkCatalogue(catalogue({ downgrades: [down('v0.7.0', 'v0.6.0'), down('v0.7.0', 'v0.6.0')] }))).toEqual(invalid('downgrade v0.7.0 -> v0.6.0 stands there twice'));
    const procedure = { procedure: 'repair', title: 'Mend it', runbooks: ['before'], to: 'v0.1.0' };
    expect(checkCatalogue(catalogue({ procedures: [procedure] }))).toEqual(invalid('the procedure repair names v0.1.0, which is no release'));
    expect(checkCatalogue(catalogue({ procedures: [{ ...procedure, to: null }, { ...procedure, to: null }] }))).toEqual(invalid('procedure repair stands there twice'));
  });

  it('for a parameter that no plan has', () => {
    const runbooks = [...catalogue().runbooks, runbook('extra', ['to', 'colour'], [step('command')])];
    const known = ['from', 'to', 'number', 'artifact', 'sha256', 'backup', 'rollout', 'node'];
    expect(checkCatalogue(catalogue({ runbooks }))).toEqual({
      refusal: { code: 'parameter-unknown', facts: { runbook: 'extra', parameter: 'colour', known } },
    });
  });

  it('and not for the parameters of a further artifact', () => {
    const artifact = (name: string) => ({ name, file: `v0.7.0/${name}`, sha256: 'e'.repeat(64) });
    const releases = [...catalogue().releases.slice(0, 2), release('v0.7.0', { artifacts: [artifact('orchat'), artifact('deb'), artifact('old-notes')] })];
    const asking = (...parameters: string[]) => checkCatalogue(catalogue({ releases, runbooks: [...catalogue().runbooks, runbook('extra', parameters, [step('command')])] }));
    expect(asking('deb', 'debsha256')).toBeUndefined();
    const known = ['from', 'to', 'number', 'artifact', 'sha256', 'backup', 'rollout', 'node', 'deb', 'debsha256'];
    expect(asking('orchat')).toEqual({ refusal: { code: 'parameter-unknown', facts: { runbook: 'extra', parameter: 'orchat', known } } });
  });
});

/** Paths among the versions 1 to 7, in any direction. */
const versions = fc.integer({ min: 1, max: 7 }).map(String);
const anyPaths = fc.array(fc.record({ from: fc.uniqueArray(versions, { minLength: 1, maxLength: 3 }), to: versions }), { maxLength: 10 })
  .map((list) => list.map(({ from, to }) => path(from, to)));

/** All versions that can be reached over paths, by taking every path until nothing is new. */
function reached(paths: UpgradePath[], from: string): Set<string> {
  const seen = new Set([from]);
  for (let before = -1; before !== seen.size; ) {
    before = seen.size;
    for (const one of paths) if (one.from.some((version) => seen.has(version))) seen.add(one.to);
  }
  return seen;
}

const joins = (paths: UpgradePath[], from: string, to: string) => paths.some((one) => one.from.includes(from) && one.to === to);

describe('cycles', () => {
  it('are found when there is one, along paths that are there, and only then', () => {
    fc.assert(fc.property(anyPaths, (paths) => {
      const cycle = findCycle(paths);
      const cyclic = paths.some((one) => one.from.some((from) => reached(paths, one.to).has(from)));
      expect(cycle !== undefined).toBe(cyclic);
      if (!cycle) return;
      expect(cycle[0]).toBe(cycle.at(-1));
      for (let i = 1; i < cycle.length; i++) expect(joins(paths, cycle[i - 1]!, cycle[i]!)).toBe(true);
    }));
  });

  it('are no matter of how many ways lead to the same version', () => {
    // 2^40 ways from first to last: walking each of them would not end.
    const ladder = Array.from({ length: 40 }, (_, i) => [path([`${i}.0`], `${i}.1`), path([`${i}.0`, `${i}.1`], `${i + 1}.0`)]).flat();
    expect(findCycle(ladder)).toBeUndefined();
  });
});
