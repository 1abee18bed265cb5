import { given, nodeEvents, planOf } from '../../../../test/support/given.js';
import { nodeDecider } from './node.decide.js';
import { activityWord, evolveNode, noNode } from './node.js';
import type { Health, NodeEvent } from './node.js';

const register = (rules: object = {}) => ({ type: 'register-node' as const, node: 'n-1', site: 'home', product: 'orchat', labels: {}, ...rules });
const observe = (version: string | null, health: Health) => ({ type: 'observe-node' as const, node: 'n-1', version, health, source: 'schedule' as const });
const version = (seen: string): NodeEvent => ({ type: 'node.version-observed', data: { node: 'n-1', version: seen, source: 'schedule' } });
const health = (seen: Health): NodeEvent => ({ type: 'node.health-observed', data: { node: 'n-1', health: seen, source: 'schedule' } });
const known = nodeEvents('n-1');

/** A rollback that failed: nobody can say what the node runs. */
const { plan, digest } = planOf(['n-1']);
const ended = { node: 'n-1', product: 'orchat', rollout: 'r-1', from: 'v0.6.0', to: 'v0.7.0' };
const started = { ...ended, planDigest: digest, epoch: 1, route: plan.routes[0]!, waits: { acceptSeconds: 60, graceSeconds: 30 } };
const inPassage: NodeEvent[] = [...known, { type: 'upgrade.started', data: started }];
const astray: NodeEvent[] = [
  ...inPassage,
  { type: 'upgrade.failed', data: { ...ended, step: 'install', reason: 'exit-code', detail: null, result: 'commanded', changed: true } },
  { type: 'rollback.started', data: { ...started, from: 'v0.7.0', to: 'v0.6.0', epoch: 2, backup: null, baselineMs: null, reason: 'exit-code' } },
  { type: 'rollback.failed', data: { ...ended, from: 'v0.7.0', to: 'v0.6.0', step: 'restore', reason: 'no-report', detail: null } },
];

describe('registering a node', () => {
  it('makes it known', () => {
    const labels = { tier: 'web' };
    given(nodeDecider).when(register({ labels })).records({ type: 'node.registered', data: { node: 'n-1', site: 'home', product: 'orchat', labels } });
  });

  it('again is quiet, in whatever order its labels are listed', () => {
    given(nodeDecider, known).when(register()).staysQuiet();
    const labelled: NodeEvent[] = [...known, { type: 'node.relabelled', data: { node: 'n-1', labels: { a: '1', b: '2' } } }];
    given(nodeDecider, labelled).when(register({ labels: { b: '2', a: '1' } })).staysQuiet();
  });

  it('with other labels records them', () => {
    const labels = { tier: 'web' };
    given(nodeDecider, known).when(register({ labels })).records({ type: 'node.relabelled', data: { node: 'n-1', labels } });
    expect(evolveNode(given(nodeDecider, known).state, { type: 'node.relabelled', data: { node: 'n-1', labels } })).toMatchObject({ labels });
  });

  it('is refused for another site, another product, and a name that is none', () => {
    given(nodeDecider, known).when(register({ site: 'away' })).refuses('node-elsewhere', { node: 'n-1', site: 'home' });
    given(nodeDecider, known).when(register({ product: 'other' })).refuses('node-other-product', { node: 'n-1', product: 'orchat' });
    given(nodeDecider).when(register({ node: 'N 1' })).refuses('node-name-invalid', { node: 'N 1' });
  });
});

describe('observing a node', () => {
  it('records what changed, and nothing else', () => {
    given(nodeDecider, known).when(observe('v0.7.0', 'healthy')).records(version('v0.7.0'));
    given(nodeDecider, known).when(observe('v0.6.0', 'degraded')).records(health('degraded'));
    given(nodeDecider, known).when(observe('v0.7.0', 'unhealthy')).records(version('v0.7.0'), health('unhealthy'));
  });

  it('is quiet when nothing changed', () => {
    given(nodeDecider, known).when(observe('v0.6.0', 'healthy')).staysQuiet();
    given(nodeDecider, known).when(observe(null, 'healthy')).staysQuiet();
  });

  it('does not forget a version that cannot be measured now', () => {
    given(nodeDecider, known).when(observe(null, 'unknown')).records(health('unknown'));
    expect(given(nodeDecider, [...known, health('unknown')]).state).toMatchObject({ version: 'v0.6.0', health: 'unknown' });
  });

  it('is quiet in a passage, whose orders do the measuring', () => {
    given(nodeDecider, inPassage).when(observe('v0.7.0', 'unhealthy')).staysQuiet();
  });

  it('refuses what is no version, and a node that nobody registered', () => {
    given(nodeDecider, known).when(observe('latest', 'healthy')).refuses('version-invalid', { version: 'latest' });
    given(nodeDecider).when(observe('v0.6.0', 'healthy')).refuses('node-unknown', { node: 'n-1' });
  });
});

describe('a node astray', () => {
  it('is known by its word, and its health by nobody', () => {
    const { state } = given(nodeDecider, astray);
    expect(state).toMatchObject({ health: 'unknown', activity: { kind: 'astray', reason: 'no-report', rollout: 'r-1' } });
    expect(state.status === 'registered' && activityWord(state.activity)).toBe('astray');
  });

  it('is freed by one look that finds it healthy at a version, though both were known before', () => {
    const freed = [version('v0.6.0'), health('healthy')];
    given(nodeDecider, astray).when(observe('v0.6.0', 'healthy')).records(...freed);
    expect(given(nodeDecider, [...astray, ...freed]).state).toMatchObject({ activity: { kind: 'idle' }, version: 'v0.6.0', health: 'healthy' });
  });

  it.each<[string | null, Health, NodeEvent[]]>([
    ['v0.6.0', 'unhealthy', [health('unhealthy')]],
    ['v0.7.0', 'degraded', [version('v0.7.0'), health('degraded')]],
    ['v0.6.0', 'unknown', []],
    [null, 'unhealthy', [health('unhealthy')]],
    // The version that was measured last is not the one it is healthy at.
    [null, 'healthy', []],
  ])('is not freed by a look that finds it at %s and %s', (seen, well, events) => {
    given(nodeDecider, astray).when(observe(seen, well)).records(...events);
    expect(given(nodeDecider, [...astray, ...events]).state).toMatchObject({ activity: { kind: 'astray' } });
  });

  it('is not freed by two looks, one of which finds the version and one its health', () => {
    const seen = [...astray, version('v0.7.0'), health('unhealthy')];
    given(nodeDecider, seen).when(observe(null, 'healthy')).staysQuiet();
    given(nodeDecider, seen).when(observe('v0.7.0', 'healthy')).records(version('v0.7.0'), health('healthy'));
  });
});

it('tells people in a word what a node is doing', () => {
  const words = [known, inPassage, astray.slice(0, -1), astray].map((events) => {
    const state = events.reduce(evolveNode, noNode);
    return state.status === 'registered' && activityWord(state.activity);
  });
  expect(words).toEqual(['ready', 'upgrading', 'rolling-back', 'astray']);
});

it('holds no fact of a node before it was registered, and none of a passage that there is not', () => {
  expect(() => evolveNode(noNode, version('v0.6.0'))).toThrow('before the node was registered');
  expect(() => evolveNode(given(nodeDecider, known).state, { type: 'upgrade.verified', data: ended })).toThrow('which is in no passage');
});
