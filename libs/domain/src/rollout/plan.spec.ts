import fc from 'fast-check';
import { digestOf } from '#proof';
import { binaries, catalogue, clock, nodeEvents, nodeOf, productOf, release, runbook, step, strategy } from '../../../../test/support/given.js';
import { isRefused } from '../kernel/decision.js';
import type { NodeState } from '../node/node.js';
import { evolveProduct, noProduct } from '../product/product.js';
import type { ProductState } from '../product/product.js';
import { makePlan } from './plan.js';
import type { Plan, PlanRequest } from './plan.js';

const names = ['n-1', 'n-2', 'n-3', 'n-4', 'n-5'];
const product = productOf();
const at = (version: string | null, ...nodes: string[]) => nodes.map((node): [string, NodeState] => [node, nodeOf(nodeEvents(node, version))]);
const fleet = new Map(at('v0.6.0', ...names));
const request = (rules: Partial<PlanRequest> = {}): PlanRequest => ({
  rollout: 'r-1', product: 'orchat', to: 'v0.7.0', selector: 'all', nodes: names, strategy, at: clock(0), ...rules,
});
const planned = (rules: Partial<PlanRequest> = {}, nodes = fleet, state: ProductState = product): { plan: Plan; digest: string; alreadyThere: string[] } => {
  const made = makePlan(request(rules), state, nodes, digestOf);
  if (isRefused(made)) throw new Error(`refused: ${JSON.stringify(made.refusal)}`);
  return made;
};
const order = (plan: Plan) => plan.targets.map((target) => target.node);

describe('a plan', () => {
  it('fixes what is asked for, and by when it is to be started', () => {
    const { plan, alreadyThere } = planned();
    const { routes: _routes, targets: _targets, ...head } = plan;
    expect(head).toEqual({
      rollout: 'r-1', generation: 1, parent: null, product: 'orchat', to: 'v0.7.0', selector: 'all', strategy, startBy: '2026-01-23T09:00:00.000Z',
    });
    expect(alreadyThere).toEqual([]);
  });

  it('fixes every step by the digest of its runbook, with its rules and the parameters that it may be given', () => {
    const { upgrade, rollback } = planned().plan.routes[0]!;
    const kinds = ['system', 'health', 'backup', 'backup-check', 'migration-check', 'install', 'migration', 'config', 'command', 'version', 'feature'];
    expect(upgrade.map((one) => one.kind)).toEqual(kinds);
    expect(upgrade[5]).toEqual({
      runbook: 'install', digest: catalogue().runbooks[2]!.digest, step: 'install', title: 'The install step', kind: 'install', leg: 0, timeoutSeconds: 30,
      attempts: 1, repeat: 'safe', onFailure: 'rollback', changes: true, parameters: ['artifact', 'sha256', 'node'], sha256: binaries['v0.7.0'],
    });
    expect(rollback.map((one) => one.kind)).toEqual(['install', 'restore', 'version']);
  });

  it('fixes what the parameters are filled from: on the way back, from the release that the node came from', () => {
    const route = planned().plan.routes[0]!;
    expect(route).toMatchObject({ from: 'v0.6.0', to: 'v0.7.0', migration: 'automatic' });
    expect(route.legs).toEqual([{ from: 'v0.6.0', to: 'v0.7.0', migration: 'automatic', notes: [], values: {
      from: 'v0.6.0', to: 'v0.7.0', number: '0.7.0', backup: 'pre-upgrade-r-1', rollout: 'r-1', artifact: 'v0.7.0/orchat', sha256: binaries['v0.7.0'],
    } }]);
    expect(route.rollbackValues).toEqual({
      from: 'v0.7.0', to: 'v0.6.0', number: '0.6.0', backup: 'pre-upgrade-r-1', rollout: 'r-1', artifact: 'v0.6.0/orchat', sha256: binaries['v0.6.0'],
    });
  });

  it('rounds a step\'s time up to seconds', () => {
    const runbooks = [runbook('before', [], [step('system', { timeoutMs: 1_001 }), step('health', { timeoutMs: 100 })]), ...catalogue().runbooks.slice(1)];
    const { upgrade } = planned({}, fleet, productOf(catalogue({ runbooks }))).plan.routes[0]!;
    expect(upgrade.slice(0, 2).map((one) => one.timeoutSeconds)).toEqual([2, 1]);
  });

  it('leaves nodes out that are there already, and says so', () => {
    const some = new Map([...fleet, ...at('v0.7.0', 'n-2', 'n-4')]);
    const { plan, alreadyThere } = planned({}, some);
    expect(alreadyThere).toEqual(['n-2', 'n-4']);
    expect(order(plan).toSorted()).toEqual(['n-1', 'n-3', 'n-5']);
  });

  it('has a route for each version that nodes start from, the oldest first', () => {
    const both = catalogue({ paths: [{ ...catalogue().paths[1]!, from: ['v0.6.0', 'v0.5.0'] }] });
    const { plan } = planned({}, new Map([...fleet, ...at('v0.5.0', 'n-2', 'n-3')]), productOf(both));
    expect(plan.routes.map((route) => route.from)).toEqual(['v0.5.0', 'v0.6.0']);
    for (const { node, route } of plan.targets) expect([node, route]).toEqual([node, node === 'n-2' || node === 'n-3' ? 0 : 1]);
  });

  it('installs the first artifact of a release, and gives every other one by its name', () => {
    const artifacts = [...release('v0.7.0').artifacts, { name: 'notes', file: 'v0.7.0/notes', sha256: 'e'.repeat(64) }];
    const releases = catalogue().releases.map((one) => (one.version === 'v0.7.0' ? { ...one, artifacts } : one));
    expect(planned({}, fleet, productOf(catalogue({ releases }))).plan.routes[0]!.legs[0]!.values).toMatchObject({ artifact: 'v0.7.0/orchat', notes: 'v0.7.0/notes', notessha256: 'e'.repeat(64) });
  });
});

describe('the order of the nodes', () => {
  const anyNames = fc.uniqueArray(fc.integer({ min: 1, max: 999 }).map((n) => `n-${n}`), { minLength: 1, maxLength: 20 });
  const versions = ['0.6', '0.6.0', 'v0.6', 'v0.6.0'];
  const spelled = productOf(catalogue({
    releases: [...versions, 'v0.7.0'].map((version) => release(version)), paths: [{ ...catalogue().paths[1]!, from: versions }],
  }));

  it('takes every node once, whatever the plan', () => {
    fc.assert(fc.property(anyNames, fc.constantFrom('r-1', 'r-2', 'r-3'), (nodes, rollout) => {
      const { plan } = planned({ nodes, rollout }, new Map(at('v0.6.0', ...nodes)));
      expect(order(plan).toSorted()).toEqual(nodes.toSorted());
    }), { numRuns: 30 });
  });

  it('is of the plan: nobody chooses it by listing the nodes otherwise, and the digest stays', () => {
    const shuffled = anyNames.chain((nodes) => fc.tuple(fc.constant(nodes), fc.shuffledSubarray(nodes, { minLength: nodes.length })));
    fc.assert(fc.property(shuffled, ([nodes, others]) => {
      // Spellings of one version among them: they too must not let the listing choose.
      const known = new Map(nodes.flatMap((node, i) => at(versions[i % versions.length]!, node)));
      expect(planned({ nodes: others }, known, spelled)).toEqual(planned({ nodes }, known, spelled));
    }), { numRuns: 50 });
  });

  it('can be worked out again by anybody: by the hash of plan and node', () => {
    const { plan } = planned();
    const { targets, ...basis } = plan;
    const key = (node: string) => digestOf([digestOf(basis), node]);
    expect(order(plan)).toEqual(targets.map((one) => one.node).toSorted((a, b) => (key(a) < key(b) ? -1 : 1)));
  });

  it('changes with the plan', () => {
    const many = Array.from({ length: 20 }, (_, i) => `n-${i}`);
    const nodes = new Map(at('v0.6.0', ...many));
    const orders = [{}, { rollout: 'r-2' }, { selector: 'n-*' }, { at: clock(1) }, { strategy: { ...strategy, failureLimit: 2 } }]
      .map((rules) => order(planned({ nodes: many, ...rules }, nodes).plan).join());
    expect(new Set(orders).size).toBe(5);
  });
});

describe('the digest of a plan', () => {
  it('is the same for the same input', () => {
    expect(planned().digest).toBe(planned().digest);
    expect(planned().digest).toBe(digestOf(planned().plan));
  });

  it('is another one whatever differs: nodes, versions, steps, waits', () => {
    const changed = runbook('verify', ['to'], [step('version', { attempts: 2 })]);
    const other = productOf(catalogue({ runbooks: [...catalogue().runbooks.filter((one) => one.runbook !== 'verify'), changed] }));
    const digests = [
      planned(), planned({ nodes: names.slice(1) }), planned({ rollout: 'r-2' }), planned({ strategy: { ...strategy, acceptSeconds: 61 } }),
      planned({}, fleet, other), planned({ at: clock(1) }),
    ].map((made) => made.digest);
    expect(new Set(digests).size).toBe(6);
  });
});

describe('a plan is refused', () => {
  const refusal = (rules: Partial<PlanRequest>, nodes = fleet, state: ProductState = product) => {
    const made = makePlan(request(rules), state, nodes, digestOf);
    return isRefused(made) ? made.refusal : undefined;
  };
  const scheduled = (day: string) => catalogue({ releases: [release('v0.6.0'), release('v0.7.0', { scheduled: day })], paths: [catalogue().paths[1]!] });

  it('for a product or a release that there is not', () => {
    expect(refusal({}, fleet, noProduct)).toEqual({ code: 'product-unknown', facts: { product: 'orchat' } });
    expect(refusal({ to: 'v0.9.0' })).toEqual({ code: 'version-unknown', facts: { product: 'orchat', version: 'v0.9.0' } });
  });

  it('for a release until the day comes that it is scheduled for', () => {
    const facts = { version: 'v0.7.0', scheduled: '2026-01-17' };
    const last = '2026-01-16T23:59:59.999Z';
    expect(refusal({ at: last }, fleet, productOf(scheduled('2026-01-17')))).toEqual({ code: 'release-not-published', facts });
    expect(refusal({ at: '2026-01-17T00:00:00.000Z' }, fleet, productOf(scheduled('2026-01-17')))).toBeUndefined();
  });

  it('without nodes, or with one listed twice', () => {
    expect(refusal({ nodes: [] })).toEqual({ code: 'nodes-none', facts: { selector: 'all' } });
    expect(refusal({ nodes: ['n-1', 'n-2', 'n-1'] })).toEqual({ code: 'node-listed-twice', facts: { node: 'n-1' } });
  });

  it('when all nodes are there already', () => {
    expect(refusal({}, new Map(at('v0.7.0', ...names)))).toEqual({ code: 'nodes-already-there', facts: { version: 'v0.7.0' } });
  });

  it('for a node that nobody knows, of another product, or of an unknown version', () => {
    expect(refusal({ nodes: ['n-1', 'n-9'] })).toEqual({ code: 'node-unknown', facts: { node: 'n-9' } });
    const foreign = new Map([...fleet, ['n-2', nodeOf(nodeEvents('n-2', 'v0.6.0', { product: 'other' }))] as const]);
    expect(refusal({}, foreign)).toEqual({ code: 'node-other-product', facts: { node: 'n-2', product: 'other' } });
    expect(refusal({}, new Map([...fleet, ...at(null, 'n-3')]))).toEqual({ code: 'node-version-unknown', facts: { node: 'n-3' } });
  });

  it('for a node that another rollout has, or that is astray', () => {
    const node = nodeOf(nodeEvents('n-2'));
    if (node.status === 'none') throw new Error('registered above');
    const astray: NodeState = { ...node, activity: { kind: 'astray', reason: 'no-report', rollout: 'r-0' } };
    expect(refusal({}, new Map([...fleet, ['n-2', astray]]))).toEqual({ code: 'node-needs-care', facts: { node: 'n-2', reason: 'no-report' } });
  });

  it('when no path leads there, with what there is instead', () => {
    const back = { to: 'v0.5.0', nodes: ['n-1'] };
    const facts = (hint: string) => ({ code: 'no-upgrade-path', facts: { from: 'v0.6.0', to: 'v0.5.0', nodes: ['n-1'], hint } });
    expect(refusal(back)).toEqual(facts('choose another version'));
    const withDown = (runbooks: string[], reason: string | null) => productOf(catalogue({ downgrades: [{ from: ['v0.6.0'], to: 'v0.5.0', runbooks, reason }] }));
    expect(refusal(back, fleet, withDown(['rollback'], null))).toEqual(facts('take nodes back one by one with `rollbook node do NODE downgrade --to v0.5.0`'));
    expect(refusal(back, fleet, withDown([], 'it cannot read the history'))).toEqual(facts('there is no way back to v0.5.0: it cannot read the history'));
  });

  it('for a release without the artifact that its steps ask for, on the way there or back', () => {
    const bare = (version: string) => catalogue({
      releases: catalogue().releases.map((one) => (one.version === version ? { ...one, artifacts: [] } : one)),
    });
    for (const version of ['v0.7.0', 'v0.6.0']) {
      expect(refusal({}, fleet, productOf(bare(version)))).toEqual({ code: 'release-without-artifact', facts: { version, parameter: 'artifact' } });
    }
  });

  it('for a runbook that the product no longer has', () => {
    const state = evolveProduct(productOf(), { type: 'product.path-published', data: { ...catalogue().paths[1]!, rollback: ['gone'] } });
    expect(refusal({}, fleet, state)).toEqual({ code: 'runbook-unknown', facts: { runbook: 'gone', to: 'v0.6.0' } });
  });

  it.each<[string, unknown, string]>([
    ['maxUnavailable', 0, 'a whole number from 1 to 100000'], ['maxUnavailable', 1.5, 'a whole number from 1 to 100000'],
    ['maxUnavailable', undefined, 'a whole number from 1 to 100000'], ['maxUnavailable', 100_001, 'a whole number from 1 to 100000'],
    ['failureLimit', -1, 'a whole number from 0 to 100000'], ['acceptSeconds', 0, 'a whole number from 1 to 604800'],
    ['graceSeconds', Number.NaN, 'a whole number from 1 to 86400'], ['pauseSeconds', 59, 'a whole number from 60 to 2592000'],
    ['pauseSeconds', Infinity, 'a whole number from 60 to 2592000'],
  ])('for a strategy whose %s is %j', (field, value, allowed) => {
    expect(refusal({ strategy: { ...strategy, [field]: value } })).toEqual({ code: 'strategy-invalid', facts: { field, allowed } });
  });

  it('and not for a strategy at the edges of what is allowed', () => {
    const least = { ...strategy, maxUnavailable: 1, failureLimit: 0, acceptSeconds: 1, graceSeconds: 1, pauseSeconds: 60 };
    const most = { ...strategy, maxUnavailable: 100_000, failureLimit: 100_000, acceptSeconds: 604_800, graceSeconds: 86_400, pauseSeconds: 2_592_000 };
    expect([refusal({ strategy: least }), refusal({ strategy: most })]).toEqual([undefined, undefined]);
  });
});
