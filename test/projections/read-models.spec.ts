import { ImportCatalogue, RegisterNode, RollBackRollout } from '#commands';
import { envelopeOf } from '#ledger';
import { catalogue, release } from '../support/given.js';
import { Workshop } from '../support/workshop.js';
import type { Conduct } from '../support/simulation.js';

let workshop: Workshop;
beforeEach(async () => {
  workshop = await Workshop.open();
  await workshop.fleet.importCatalogue();
});
afterEach(() => workshop.close());

const project = async () => workshop.project(await workshop.lease('projector', 'test'));
const minutes = (count: number) => workshop.clock.advance(count * 60_000);
const fleet = async (node: string) => {
  await project();
  const [row] = await workshop.rows<{ version: string | null; health: string; state: string; since: string; rollout: string | null; reason: string | null; labels: object; stream_version: number }>('select * from roll.fleet where node = $1', node);
  return row;
};
const rollouts = async (rollout: string) => {
  await project();
  const [row] = await workshop.rows<{ state: string; reason: string | null; tally: { [state: string]: number }; started_at: string; ended_at: string }>('select * from roll.rollout where rollout = $1', rollout);
  const members = await workshop.rows<{ node: string; ordinal: number; state: string; result: string | null; step: string; steps_done: number; steps: number; reason: string | null }>('select * from roll.rollout_node where rollout = $1 order by ordinal', rollout);
  return { ...row!, members };
};

/** Installs that claim the new version and boot the old one. */
const pretender = (node: string): Conduct => (order) =>
  order.node === node && order.kind === 'version' && order.phase === 'upgrade' ? { facts: { version: 'v0.6.2' } } : undefined;

describe('the fleet', () => {
  it('says which node runs what, in which health, doing what, and since when', async () => {
    const started = workshop.clock.now();
    await workshop.fleet.announce('n-1', 'v0.6.2', { tier: 'web' });
    expect(await fleet('n-1')).toMatchObject({ version: 'v0.6.2', health: 'healthy', state: 'ready', since: started, rollout: null, reason: null, labels: { tier: 'web' }, stream_version: 3 });
    minutes(5);
    await workshop.fleet.observe('n-1', 'v0.6.2', 'unhealthy');
    // Health alone is no change of what runs.
    expect(await fleet('n-1')).toMatchObject({ health: 'unhealthy', since: started });
    minutes(5);
    await workshop.fleet.observe('n-1', 'v0.6.3', 'healthy');
    expect(await fleet('n-1')).toMatchObject({ version: 'v0.6.3', since: workshop.clock.now() });
    const changed = workshop.clock.now();
    minutes(5);
    const hand = await workshop.hire();
    await hand.bus.execute(new RegisterNode(workshop.fleet.meta(), 'n-1', 'local', 'orchat', { tier: 'data' }));
    expect(await fleet('n-1')).toMatchObject({ labels: { tier: 'data' }, since: changed });
    await hand.bus.execute(new RegisterNode(workshop.fleet.meta(), 'silent', 'local', 'orchat', {}));
    expect(await fleet('silent')).toMatchObject({ version: null, health: 'unknown', state: 'ready' });
  });

  it('follows a node through an upgrade', async () => {
    await workshop.fleet.announce('n-1');
    const rollout = await workshop.fleet.plan({ nodes: ['n-1'] });
    await workshop.fleet.start(rollout);
    minutes(1);
    await workshop.fleet.run((event) => event.type === 'release.installed');
    expect(await fleet('n-1')).toMatchObject({ version: 'v0.6.2', state: 'upgrading', rollout, since: workshop.clock.now() });
    minutes(1);
    await workshop.fleet.run();
    expect(await fleet('n-1')).toMatchObject({ version: 'v0.7.0', health: 'healthy', state: 'ready', rollout, reason: null, since: workshop.clock.now() });
  });

  it('says why a node went back, and why one was left astray until somebody mended it', async () => {
    for (const node of ['n-1', 'n-2']) await workshop.fleet.announce(node);
    workshop.fleet.conduct = pretender('n-1');
    const rollout = await workshop.fleet.rollOut(['n-1']);
    expect(await fleet('n-1')).toMatchObject({ version: 'v0.6.2', state: 'ready', rollout, reason: expect.stringContaining('version') as string });
    workshop.fleet.conduct = (order) => (order.phase === 'rollback' && order.kind === 'install' ? { outcome: 'failed', reason: 'quota' } : pretender('n-2')(order));
    await workshop.fleet.rollOut(['n-2']);
    expect(await fleet('n-2')).toMatchObject({ state: 'astray', health: 'unknown', reason: expect.stringContaining('quota') as string });
    await workshop.fleet.observe('n-2', 'v0.6.2', 'healthy');
    expect(await fleet('n-2')).toMatchObject({ state: 'ready', health: 'healthy', version: 'v0.6.2', reason: null });
  });
});

it('the history of a node is its stream, each fact with who, why and what', async () => {
  await workshop.fleet.announce('n-1');
  const rollout = await workshop.fleet.rollOut(['n-1']);
  await project();
  const told = await workshop.rows<{ position: string; type: string; version: number; rollout: string | null; actor: string; causation: string | null; correlation: string; data: object }>('select * from roll.history where node = $1 order by position', 'n-1');
  const stream = (await workshop.events('node/n-1')).map((stored) => ({ stored, envelope: envelopeOf(stored) }));
  expect(told.map((row) => [Number(row.position), row.type, row.version])).toEqual(stream.map(({ stored }) => [stored.position, stored.type, stored.version]));
  for (const [i, { envelope }] of stream.entries()) {
    const { route: _route, ...data } = envelope.data as { route?: unknown };
    expect(told[i]).toMatchObject({ actor: `${envelope.actor.kind}:${envelope.actor.ref}`, causation: envelope.causation, correlation: envelope.correlation, data });
  }
  expect(told.filter((row) => row.rollout === rollout).length).toBeGreaterThan(20);
  expect(new Set(told.filter((row) => row.rollout === rollout).map((row) => row.correlation)).size).toBe(1);
});

describe('rollouts', () => {
  it('say how far each is, and each node in it', async () => {
    for (const node of ['n-1', 'n-2', 'n-3']) await workshop.fleet.announce(node);
    const rollout = await workshop.fleet.plan({ nodes: ['n-1', 'n-2', 'n-3'], strategy: { failureLimit: 1 } });
    expect(await rollouts(rollout)).toMatchObject({ state: 'planned', tally: { waiting: 3 }, started_at: null, members: [{ ordinal: 1, state: 'waiting' }, { ordinal: 2 }, { ordinal: 3 }] });
    const order = (await rollouts(rollout)).members.map((member) => member.node);
    workshop.fleet.conduct = pretender(order[1]!);
    await workshop.fleet.start(rollout);
    await workshop.fleet.run((event) => event.type === 'release.installed');
    const midway = await rollouts(rollout);
    expect(midway).toMatchObject({ state: 'running', tally: { waiting: 2, upgrading: 1 }, members: [{ state: 'upgrading', result: 'claimed' }, { state: 'waiting' }, { state: 'waiting' }] });
    expect(midway.members[0]!.steps_done).toBeGreaterThan(3);
    expect(midway.members[0]!.steps).toBeGreaterThan(midway.members[0]!.steps_done);
    await workshop.fleet.run();
    const end = await rollouts(rollout);
    expect(end).toMatchObject({
      state: 'partial', ended_at: workshop.clock.now(), tally: { waiting: 0, upgrading: 0, upgraded: 2, 'rolled-back': 1 },
      members: [{ state: 'upgraded', result: 'verified', reason: null }, { state: 'rolled-back', result: 'inconsistent' }, { state: 'upgraded', result: 'verified' }],
    });
    expect(end.members[0]!.steps_done).toBe(end.members[0]!.steps);
  });

  it('count every node in exactly one state, also through a rollback of all', async () => {
    for (const node of ['n-1', 'n-2']) await workshop.fleet.announce(node);
    const rollout = await workshop.fleet.rollOut(['n-1', 'n-2']);
    const hand = await workshop.hire();
    await hand.bus.execute(new RollBackRollout(workshop.fleet.meta(), rollout, 'slow'));
    await workshop.fleet.run();
    const end = await rollouts(rollout);
    expect(end).toMatchObject({ state: 'rolled-back', tally: { 'rolled-back': 2, upgraded: 0, 'rolling-back': 0 } });
    expect(Object.values(end.tally).reduce((a, b) => a + b, 0)).toBe(2);
    expect(end.members.every((member) => member.state === 'rolled-back')).toBe(true);
    expect(await fleet('n-1')).toMatchObject({ version: 'v0.6.2', state: 'ready' });
  });
});

it('certification counts what is on record for a version: cases, migrations, backups, rollbacks proven', async () => {
  for (const node of ['n-1', 'n-2', 'n-3', 'n-4']) await workshop.fleet.announce(node);
  await workshop.fleet.rollOut(['n-1']);
  workshop.fleet.conduct = pretender('n-2');
  await workshop.fleet.rollOut(['n-2']);
  workshop.fleet.conduct = (order) => (order.phase === 'rollback' && order.kind === 'install' ? { outcome: 'failed', reason: 'quota' } : pretender('n-3')(order));
  await workshop.fleet.rollOut(['n-3']);
  workshop.fleet.conduct = (order) => (order.kind === 'system' ? { facts: { ok: false } } : undefined);
  await workshop.fleet.rollOut(['n-4']);
  await project();
  const rows = await workshop.rows<object>('select product, version, cases, verified, failed, inconsistent, migrations, backups, rollbacks, rollbacks_proven, from_versions from roll.certification');
  expect(rows).toEqual([{
    product: 'orchat', version: 'v0.7.0', cases: 4, verified: 1, failed: 3, inconsistent: 2, migrations: 1, backups: 3, rollbacks: 2, rollbacks_proven: 1,
    from_versions: ['v0.6.2'],
  }]);
});

it('products are what the catalogue says now: releases, paths, runbooks', async () => {
  const hand = await workshop.hire();
  const import_ = (rules: Parameters<typeof catalogue>[0]) => hand.bus.execute(new ImportCatalogue(workshop.fleet.meta(), { ...catalogue(rules), product: 'pump', name: 'Pump' }));
  const product = async () => {
    await project();
    const [row] = await workshop.rows<{ name: string; releases: { version: string }[]; paths: { to: string }[]; runbooks: { runbook: string; digest: string }[]; stream_version: number }>(`select * from roll.product where product = 'pump'`);
    return row!;
  };
  await import_({});
  const first = await product();
  expect([first.name, first.releases.map((one) => one.version), first.paths.map((one) => one.to)]).toEqual(['Pump', ['v0.5.0', 'v0.6.0', 'v0.7.0'], ['v0.6.0', 'v0.7.0']]);
  expect(first.runbooks.map((one) => one.runbook).sort()).toEqual(catalogue().runbooks.map((one) => one.runbook).sort());
  const { releases, paths } = catalogue();
  await import_({ releases: [...releases, release('v0.8.0')], paths: paths.slice(1) });
  const second = await product();
  expect([second.releases.map((one) => one.version), second.paths.map((one) => one.to)]).toEqual([['v0.5.0', 'v0.6.0', 'v0.7.0', 'v0.8.0'], ['v0.7.0']]);
  expect(second.stream_version).toBe((await workshop.events('product/pump')).length);
});
