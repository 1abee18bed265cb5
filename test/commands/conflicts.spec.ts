import { AbortRollout, AdvanceRollout, ImportCatalogue, PlanRollout, RegisterNode, SettleNode, StartUpgrade, TakeReport } from '#commands';
import type { PlanOutcome } from '#commands';
import { streamOf } from '#domain';
import { eventId } from '#ledger';
import { catalogue, release } from '../support/given.js';
import { MemoryHouse } from '../support/memory-house.js';

let house: MemoryHouse;
/** Another process over the same ledger, which remembers what it read itself. */
let beside: MemoryHouse;

beforeEach(async () => {
  house = await MemoryHouse.open();
  beside = await MemoryHouse.open(house);
});
afterEach(() => Promise.all([house.close(), beside.close()]));

const register = (of: MemoryHouse, node: string, labels: { [name: string]: string } = {}) => new RegisterNode(of.meta(), node, 'local', 'orchat', labels);
const relabel = (node: string, tier: string) => beside.bus.execute(register(beside, node, { tier }));

async function admitted(nodes: string[]): Promise<string> {
  await house.fleet.importCatalogue();
  for (const node of nodes) await house.fleet.announce(node);
  const rollout = await house.fleet.plan({ nodes, strategy: { maxUnavailable: nodes.length } });
  await house.fleet.start(rollout);
  await house.bus.execute(new AdvanceRollout(house.meta(), rollout));
  return rollout;
}

describe('a stream that somebody else wrote to', () => {
  it('is decided on anew when that happened before the append', async () => {
    await house.bus.execute(register(house, 'n-1'));
    house.ledger.meddle(() => relabel('n-1', 'web'));
    const outcome = await house.bus.execute(register(house, 'n-1', { tier: 'data' }));
    expect(outcome).toMatchObject({ ok: true, version: 3, events: [{ type: 'node.relabelled', data: { labels: { tier: 'data' } } }] });
    expect(await house.typesAfter(0)).toEqual(['node.registered', 'node.relabelled', 'node.relabelled']);
  });

  it('leaves nothing to do when the other said the same', async () => {
    await house.bus.execute(register(house, 'n-1'));
    house.ledger.meddle(() => relabel('n-1', 'web'));
    expect(await house.bus.execute(register(house, 'n-1', { tier: 'web' }))).toMatchObject({ ok: true, events: [], repeated: false });
    expect(await house.typesAfter(0)).toEqual(['node.registered', 'node.relabelled']);
  });

  it('refuses by what it says now, not by what was remembered of it', async () => {
    const rollout = await admitted(['n-1']);
    await beside.bus.execute(new SettleNode(beside.meta(), rollout, 'n-1', 'skipped', null, 'node-busy'));
    await beside.bus.execute(new AdvanceRollout(beside.meta(), rollout));
    expect(await house.bus.execute(new AbortRollout(house.meta(), rollout, 'enough'))).toMatchObject({ ok: false, refusal: { code: 'rollout-ended' } });
  });

  it('is no reason to refuse what was only remembered as refused', async () => {
    expect(await house.bus.execute(new AbortRollout(house.meta(), 'r-none', 'x'))).toMatchObject({ ok: false });
    await beside.fleet.importCatalogue();
    await beside.fleet.announce('n-1');
    const rollout = await beside.fleet.plan({ nodes: ['n-1'] });
    expect(await house.bus.execute(new AbortRollout(house.meta(), rollout, 'enough'))).toMatchObject({ ok: true, repeated: false });
  });

  it('is refused to somebody who said which version they saw', async () => {
    await house.bus.execute(register(house, 'n-1'));
    const seen = { ...house.meta(), ifVersion: 1 };
    house.ledger.meddle(() => relabel('n-1', 'web'));
    const size = await house.size();
    const outcome = await house.bus.execute(new RegisterNode(seen, 'n-1', 'local', 'orchat', { tier: 'data' }));
    expect(outcome).toMatchObject({ ok: false, refusal: { code: 'version-differs', facts: { stream: 'node/n-1', version: 2 } } });
    expect(await house.size()).toBe(size + 1);
  });

  it('is taken as it is by what holds whatever else it says', async () => {
    const rollout = await admitted(['n-1', 'n-2']);
    const appends = house.ledger.appends;
    house.ledger.meddle(() => beside.bus.execute(new SettleNode(beside.meta(), rollout, 'n-2', 'failed', null, 'x')));
    expect(await house.bus.execute(new SettleNode(house.meta(), rollout, 'n-1', 'verified', 'verified', null))).toMatchObject({ ok: true, repeated: false });
    expect(house.ledger.appends).toBe(appends + 2);
    const { state } = await house.book.rollout(rollout);
    expect(state).toMatchObject({ tally: { verified: 1, failed: 1, 'under-way': 0 } });
  });

  it('that keeps changing is given up, loudly', async () => {
    await house.bus.execute(register(house, 'n-1'));
    const again = (turn: number): void => house.ledger.meddle(async () => {
      await relabel('n-1', `t-${turn}`);
      again(turn + 1);
    }, (items) => items[0]!.events.some((event) => (event.data as { labels?: { tier?: string } }).labels?.tier === 'data'));
    again(1);
    await expect(house.bus.execute(register(house, 'n-1', { tier: 'data' }))).rejects.toThrow('node/n-1 kept changing while a command was decided');
    expect((await house.ledger.readStream('node/n-1')).length).toBe(51);
  });
});

describe('a plan', () => {
  const planning = (of: MemoryHouse, nodes: string[]) => of.bus.execute(new PlanRollout(of.meta(), { product: 'orchat', to: 'v0.7.0', selector: 'all', nodes, strategy: {}, dryRun: false }));
  const isPlan = (items: { stream: string }[]) => items[0]!.stream.startsWith('rollout/');
  const changed = (sha256: string) => {
    const whole = catalogue();
    return { ...whole, releases: [...whole.releases, release('v0.8.0', { artifacts: [{ name: 'orchat', file: 'v0.8.0/orchat', sha256 }] })] };
  };
  const routeOf = (outcome: PlanOutcome) => (outcome.ok ? outcome.plan!.routes : []);

  beforeEach(async () => {
    await house.bus.execute(new ImportCatalogue(house.meta(), catalogue()));
    for (const node of ['n-1', 'n-2']) await house.fleet.announce(node, 'v0.6.0');
  });

  it('is made anew when the catalogue moved before it was recorded', async () => {
    house.ledger.meddle(() => beside.bus.execute(new ImportCatalogue(beside.meta(), changed('9'.repeat(64)))), isPlan);
    const outcome = await planning(house, ['n-1']);
    expect(outcome).toMatchObject({ ok: true, repeated: false });
    expect(routeOf(outcome)).toHaveLength(1);
    const { version } = await house.book.product('orchat');
    expect((await house.ledger.readStream(streamOf.product('orchat'))).length).toBe(version);
    expect((await house.typesAfter(0)).filter((type) => type === 'rollout.planned')).toHaveLength(1);
  });

  it('says that the catalogue does not stand still, when it does not, and records nothing', async () => {
    let turn = 0;
    const again = (): void => house.ledger.meddle(async () => {
      turn += 1;
      await beside.bus.execute(new ImportCatalogue(beside.meta(), { ...catalogue(), name: `ORCHAT ${turn}` }));
      again();
    }, isPlan);
    again();
    expect(await planning(house, ['n-1'])).toMatchObject({ ok: false, refusal: { code: 'version-differs', facts: { stream: 'product/orchat' } } });
    expect((await house.typesAfter(0)).filter((type) => type.startsWith('rollout.'))).toEqual([]);
    expect(turn).toBe(5);
  });

  it('made while a node moved skips that node when its turn comes, and goes on with the others', async () => {
    house.ledger.meddle(() => beside.fleet.observe('n-1', 'v0.7.0', 'healthy'), isPlan);
    const outcome = await planning(house, ['n-1', 'n-2']);
    if (!outcome.ok) throw new Error(outcome.refusal.code);
    await house.fleet.start(outcome.rollout);
    await house.fleet.run();
    const { state } = await house.book.rollout(outcome.rollout);
    if (state.status === 'none') throw new Error('not planned');
    expect({ status: state.status, end: state.end, tally: state.tally }).toMatchObject({ status: 'ended', end: 'partial', tally: { skipped: 1, verified: 1 } });
    expect((await house.ledger.readStream('node/n-1')).map((stored) => stored.type)).not.toContain('upgrade.started');
  });

  it('asked for by two at once under one id is one plan', async () => {
    const meta = house.meta();
    const wish = { product: 'orchat', to: 'v0.7.0', selector: 'all', nodes: ['n-1'], strategy: {}, dryRun: false };
    let other: PlanOutcome | undefined;
    house.ledger.meddle(async () => (other = await beside.bus.execute(new PlanRollout(meta, wish))), isPlan);
    const outcome = await house.bus.execute(new PlanRollout(meta, wish));
    if (!outcome.ok || !other?.ok) throw new Error('refused');
    expect(outcome).toMatchObject({ repeated: true, rollout: other.rollout, position: other.position });
    expect((await house.typesAfter(0)).filter((type) => type === 'rollout.planned')).toHaveLength(1);
  });
});

describe('the upgrade of a node', () => {
  it('does not begin once its part in the rollout has ended', async () => {
    const rollout = await admitted(['n-1', 'n-2']);
    await house.bus.execute(new SettleNode(house.meta(), rollout, 'n-1', 'skipped', null, 'node-busy'));
    const size = await house.size();
    expect(await house.bus.execute(new StartUpgrade(house.meta(), 'n-1', rollout))).toMatchObject({ ok: false, refusal: { code: 'node-not-admitted' } });
    expect(await house.size()).toBe(size);
  });

  it('does not begin when its part ended while that was decided', async () => {
    const rollout = await admitted(['n-1', 'n-2']);
    house.ledger.meddle(() => beside.bus.execute(new SettleNode(beside.meta(), rollout, 'n-1', 'skipped', null, 'node-busy')));
    expect(await house.bus.execute(new StartUpgrade(house.meta(), 'n-1', rollout))).toMatchObject({ ok: false, refusal: { code: 'node-not-admitted' } });
    expect((await house.ledger.readStream('node/n-1')).map((stored) => stored.type)).not.toContain('upgrade.started');
  });

  it('begins though others of the rollout end meanwhile', async () => {
    const rollout = await admitted(['n-1', 'n-2']);
    house.ledger.meddle(() => beside.bus.execute(new SettleNode(beside.meta(), rollout, 'n-2', 'skipped', null, 'node-busy')));
    expect(await house.bus.execute(new StartUpgrade(house.meta(), 'n-1', rollout))).toMatchObject({ ok: true, events: [{ type: 'upgrade.started' }, { type: 'step.ordered' }] });
  });

  it('that began and has ended is still answered with its first result', async () => {
    const rollout = await admitted(['n-1']);
    const meta = house.meta();
    const first = await house.bus.execute(new StartUpgrade(meta, 'n-1', rollout));
    if (!first.ok) throw new Error(first.refusal.code);
    await house.bus.execute(new SettleNode(house.meta(), rollout, 'n-1', 'failed', null, 'x'));
    expect(await house.bus.execute(new StartUpgrade(meta, 'n-1', rollout))).toMatchObject({ ok: true, repeated: true, position: first.position });
  });
});

describe('the cause of a report', () => {
  it('is the order that it answers, in the operation that the order belongs to', async () => {
    const rollout = await admitted(['n-1']);
    house.fleet.conduct = () => 'silent';
    await house.fleet.run();
    const stream = () => house.ledger.readStream('node/n-1');
    const envelopes = async () => (await stream()).map((stored) => JSON.parse(stored.bytes.toString('utf8')) as { type: string; command: string; ordinal: number; causation: string; correlation: string; data: { order: string } });
    const given = (await envelopes()).find((one) => one.type === 'step.ordered')!;
    const report = { kind: 'accepted' as const, site: 'local', agent: 'agent-1', incarnation: '5'.repeat(36), sequence: 7, node: 'n-1', at: house.clock.now(), order: given.data.order };
    await house.bus.execute(new TakeReport(report, []));
    const accepted = (await envelopes()).at(-1)!;
    expect(accepted).toMatchObject({ type: 'step.accepted', causation: eventId(given), correlation: given.correlation });
    const planned = JSON.parse((await house.ledger.readStream(streamOf.rollout(rollout)))[0]!.bytes.toString('utf8')) as { correlation: string };
    expect(given.correlation).toBe(planned.correlation);
  });
});
