import { digestOf } from '#proof';
import { catalogue, clock, digest, nodeEvents, nodeOf, productOf, release, runbook, step, strategy } from '../../../../test/support/given.js';
import { isRefused } from '../kernel/decision.js';
import type { NodeState } from '../node/node.js';
import type { Catalogue } from '../product/catalogue.js';
import type { Method, ProductState } from '../product/product.js';
import { completePolicy } from '../policy/policy.js';
import { unadoptedPolicy } from '../policy/weigh.js';
import { makePlan } from './plan.js';
import type { PlanRequest } from './plan.js';

type Labels = { [name: string]: string };

const node = (version: string, labels: Labels = {}): NodeState => {
  const state = nodeOf(nodeEvents('n-1', version));
  return state.status === 'none' ? state : { ...state, labels };
};
const lay = (nodes: { [name: string]: NodeState }, state: ProductState, rules: Partial<PlanRequest> = {}) => makePlan({
  rollout: 'r-1', product: 'orchat', to: 'v0.7.0', selector: 'all', nodes: Object.keys(nodes), strategy, policy: unadoptedPolicy(digestOf), at: clock(0), ...rules,
}, state, new Map(Object.entries(nodes)), digestOf);
const planned = (...args: Parameters<typeof lay>) => {
  const made = lay(...args);
  if (isRefused(made)) throw new Error(JSON.stringify(made.refusal));
  return made.plan;
};
const refusal = (...args: Parameters<typeof lay>) => {
  const made = lay(...args);
  return isRefused(made) ? made.refusal : undefined;
};
const [first, second] = catalogue().paths as [Catalogue['paths'][number], Catalogue['paths'][number]];

describe('a route over several paths', () => {
  const paths = [{ ...first, notes: ['Tell the users'], upgrade: ['before', 'backup', 'install', 'verify'] }, second];
  const route = planned({ 'n-1': node('v0.5.0') }, productOf(catalogue({ paths }))).routes[0]!;

  it('shows its legs, each with what a person has to know, and is as hard as the hardest of them', () => {
    expect(route).toMatchObject({ from: 'v0.5.0', to: 'v0.7.0', migration: 'partial', method: null, limits: { baselineRatio: 3, baselineFloorMs: 250 } });
    expect(route.legs.map(({ from, to, migration, notes }) => [from, to, migration, notes])).toEqual([
      ['v0.5.0', 'v0.6.0', 'partial', ['Tell the users']], ['v0.6.0', 'v0.7.0', 'automatic', []],
    ]);
    expect(route.legs.map(({ values }) => [values['from'], values['to'], values['artifact']])).toEqual([
      ['v0.5.0', 'v0.6.0', 'v0.6.0/orchat'], ['v0.6.0', 'v0.7.0', 'v0.7.0/orchat'],
    ]);
  });

  it('has the steps of all legs in order, and the backup of the first alone', () => {
    const steps = (leg: number) => route.upgrade.filter((one) => one.leg === leg).map((one) => one.kind);
    const rest = ['migration-check', 'install', 'migration', 'config', 'command', 'version', 'feature'];
    expect(steps(0)).toEqual(['system', 'health', 'backup', 'backup-check', ...rest]);
    expect(steps(1)).toEqual(['system', 'health', ...rest]);
    expect(route.upgrade.map((one) => one.leg)).toEqual([...Array<number>(11).fill(0), ...Array<number>(9).fill(1)]);
    expect(route.upgrade.filter((one) => one.kind === 'install').map((one) => one.sha256)).toEqual([digest('6'), digest('7')]);
  });

  it('leads back to where the node came from, by what the first path says', () => {
    expect(route.rollback.map((one) => one.kind)).toEqual(['install', 'restore', 'version']);
    expect(route.rollbackValues).toMatchObject({ from: 'v0.7.0', to: 'v0.5.0', artifact: 'v0.5.0/orchat', sha256: digest('5'), backup: 'pre-upgrade-r-1' });
  });

  it('comes through what is required, and says why', () => {
    const direct = productOf(catalogue({ paths: [...paths, { ...second, from: ['v0.5.0'] }] }));
    if (direct.status === 'none') throw new Error('registered above');
    const via = (state: ProductState) => planned({ 'n-1': node('v0.5.0') }, state).routes[0]!.legs.map((leg) => [leg.to, leg.notes]);
    expect(via(direct)).toEqual([['v0.7.0', []]]);
    const requires = [{ from: ['v0.5.0'], to: 'v0.7.0', via: 'v0.6.0', reason: 'it converts the history' }];
    expect(via({ ...direct, requires })).toEqual([
      ['v0.6.0', ['Tell the users', 'v0.6.0 is required on the way from v0.5.0 to v0.7.0: it converts the history']], ['v0.7.0', []],
    ]);
    const only = { ...direct, paths: [{ ...second, from: ['v0.5.0'] }], requires };
    expect(refusal({ 'n-1': node('v0.5.0') }, only)).toMatchObject({
      code: 'no-upgrade-path', facts: { hint: 'it has to come through v0.6.0 (it converts the history), to which no path leads' },
    });
  });

  it('does not come through a release that is not out yet', () => {
    const releases = [release('v0.5.0'), release('v0.6.0', { scheduled: '2026-02-01' }), release('v0.7.0')];
    const facts = { from: 'v0.5.0', to: 'v0.7.0', nodes: ['n-1'], hint: 'a release between them is only scheduled' };
    expect(refusal({ 'n-1': node('v0.5.0') }, productOf(catalogue({ releases })))).toEqual({ code: 'no-upgrade-path', facts });
    expect(refusal({ 'n-1': node('v0.5.0') }, productOf(catalogue({ releases })), { at: '2026-02-01T00:00:00.000Z' })).toBeUndefined();
  });

  it('goes by the limits of the policy', () => {
    const policy = { ...unadoptedPolicy(digestOf), state: completePolicy({ baseline: { ratio: 2.5, floorMs: 100 } }) };
    expect(planned({ 'n-1': node('v0.6.0') }, productOf(), { policy }).routes[0]!.limits).toEqual({ baselineRatio: 2.5, baselineFloorMs: 100 });
  });
});

describe('the method', () => {
  const methods: Method[] = [
    { method: 'binary', install: ['install'], rollback: ['rollback'], when: {} },
    { method: 'apt', install: ['apt'], rollback: ['apt-back'], when: { os: 'linux', installer: 'apt' } },
    { method: 'brew', install: ['brew'], rollback: ['rollback'], when: { os: 'darwin' } },
    { method: 'other', install: ['brew'], rollback: ['rollback'], when: { 'fact/os': 'linux', tier: 'web' } },
  ];
  const paths = [{ ...second, upgrade: ['before', '@install', 'verify'], rollback: ['@rollback'] }];
  const runbooks = [
    ...catalogue().runbooks, runbook('apt', ['deb', 'debsha256'], [step('install', { install: { sha256: '${debsha256}' } }), step('command', { changes: true })]),
    runbook('apt-back', ['deb'], [step('command'), step('version')]), runbook('brew', [], [step('command', { changes: true })]),
  ];
  const deb = (version: string) => [...release(version).artifacts, { name: 'deb', file: `${version}/orchat.deb`, sha256: digest('e') }];
  const releases = ['v0.6.0', 'v0.7.0'].map((version) => release(version, { artifacts: deb(version) }));
  const product = productOf(catalogue({ releases, paths, methods, runbooks }));
  const facts = (os: string, installer?: string) => ({ 'fact/os': os, ...(installer === undefined ? {} : { 'fact/installer': installer }) });

  it.each<[string, Labels, string]>([
    ['the one for all where no other suits', facts('freebsd'), 'binary'], ['that of its system', facts('darwin'), 'brew'],
    ['the one that asks for most', facts('linux', 'apt'), 'apt'], ['not one of which it meets a part', facts('linux', 'pip'), 'binary'],
    ['of several the one listed first', { ...facts('linux', 'apt'), tier: 'web' }, 'apt'], ['by its labels and facts alike', { ...facts('linux'), tier: 'web' }, 'other'],
    ['by its label before a fact of the same name', { ...facts('linux'), os: 'darwin' }, 'brew'],
  ])('of a node is %s', (_, labels, method) => {
    expect(planned({ 'n-1': node('v0.6.0', labels) }, product).routes[0]!.method).toBe(method);
  });

  it('puts its runbooks in their places, and what they install is what they are held to', () => {
    const { upgrade, rollback, legs } = planned({ 'n-1': node('v0.6.0', facts('linux', 'apt')) }, product).routes[0]!;
    expect(upgrade.map((one) => `${one.runbook}/${one.kind}`)).toEqual([
      'before/system', 'before/health', 'apt/install', 'apt/command', 'verify/config', 'verify/command', 'verify/version', 'verify/feature',
    ]);
    expect(upgrade[2]).toMatchObject({ parameters: ['deb', 'debsha256'], sha256: digest('e') });
    expect(legs[0]!.values).toMatchObject({ deb: 'v0.7.0/orchat.deb', debsha256: digest('e'), artifact: 'v0.7.0/orchat' });
    expect(rollback.map((one) => one.runbook)).toEqual(['apt-back', 'apt-back']);
  });

  it('makes a route of its own for the nodes that share it', () => {
    const nodes = { 'n-1': node('v0.6.0', facts('linux', 'apt')), 'n-2': node('v0.6.0'), 'n-3': node('v0.6.0', facts('linux', 'apt')), 'n-4': node('v0.6.0') };
    const { routes, targets } = planned(nodes, product);
    expect(routes.map((route) => route.method)).toEqual(['binary', 'apt']);
    expect(Object.fromEntries(targets.map((target) => [target.node, target.route]))).toEqual({ 'n-1': 1, 'n-2': 0, 'n-3': 1, 'n-4': 0 });
    expect(planned(Object.fromEntries(Object.entries(nodes).toReversed()), product)).toEqual({ ...planned(nodes, product) });
  });

  it('is the one that was asked for, if it suits every node', () => {
    const linux = { 'n-1': node('v0.6.0', facts('linux', 'apt')) };
    expect(planned(linux, product, { method: 'binary' }).routes[0]!.method).toBe('binary');
    expect(refusal(linux, product, { method: 'brew' })).toEqual({ code: 'method-unfit', facts: { method: 'brew', node: 'n-1', when: ['os=darwin'] } });
    expect(refusal(linux, product, { method: 'pip' })).toEqual({ code: 'method-unknown', facts: { product: 'orchat', method: 'pip', known: methods.map((one) => one.method) } });
    expect(refusal(linux, productOf(), { method: 'binary' })).toEqual({ code: 'method-unused', facts: { method: 'binary', from: 'v0.6.0', to: 'v0.7.0' } });
  });

  it('has to be there for every node', () => {
    const some = productOf(catalogue({ releases, paths, methods: methods.slice(1), runbooks }));
    expect(refusal({ 'n-1': node('v0.6.0', facts('darwin')), 'n-2': node('v0.6.0', facts('sunos')) }, some)).toEqual({ code: 'method-none', facts: { node: 'n-2' } });
  });
});
