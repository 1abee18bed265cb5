import { randomUUID } from 'node:crypto';
import {
  AbortRollout, AdvancePassage, AdvanceRollout, EnrolAgent, ExpireStep, ExpireWait, ImportCatalogue, PauseRollout, PlanRollout, RefuseMessage,
  RegisterNode, ResumeRollout, RetireAgent, RollBackRollout, SettleNode, StartRollback, StartRollout, StartUpgrade, StopUpgrade, TakeReport,
} from '#commands';
import type { CheckedReport, Meta, Outcome } from '#commands';
import { keyIdOf, newSigningKey, publicKeyPem } from '#proof';
import { catalogue } from '../support/given.js';
import { MemoryHouse } from '../support/memory-house.js';

type Wish = Parameters<MemoryHouse['bus']['execute']>[0];

interface Case {
  /** Brings the house to where the command has something to do. */
  given: (house: MemoryHouse) => Promise<void>;
  wish: (meta: Meta) => Wish;
  /** Another wish that is put under the id of the first one. */
  other: (meta: Meta) => Wish;
}

let rollout: string;
let order: string;
const { publicKey } = newSigningKey();
const agent = { agent: 'a-1', keyId: keyIdOf(publicKey), publicKey: publicKeyPem(publicKey), channel: 'pull' as const };
const incarnation = randomUUID();

const fleetOf = async (house: MemoryHouse) => {
  await house.fleet.importCatalogue();
  for (const node of ['n-1', 'n-2']) await house.fleet.announce(node);
};

const planned = async (house: MemoryHouse) => {
  await fleetOf(house);
  rollout = await house.fleet.plan({ nodes: ['n-1', 'n-2'] });
};

const started = async (house: MemoryHouse) => {
  await planned(house);
  await house.fleet.start(rollout);
};

/** The first node of the plan is under way and has its first order, which nobody has answered. */
const ordered = async (house: MemoryHouse) => {
  await started(house);
  house.fleet.conduct = () => 'silent';
  await house.fleet.run();
  const stored = (await house.ledger.read(0, 1_000)).find((one) => one.type === 'step.ordered')!;
  ({ order } = (JSON.parse(stored.bytes.toString('utf8')) as { data: { order: string } }).data);
};
const nodeOf = () => order.split('.')[1]!;
const other = () => (nodeOf() === 'n-1' ? 'n-2' : 'n-1');

const rolledOut = async (house: MemoryHouse) => {
  await fleetOf(house);
  rollout = await house.fleet.rollOut(['n-1', 'n-2'], { maxUnavailable: 2 });
};

const announced = (over: Partial<CheckedReport> = {}): CheckedReport => ({
  kind: 'announced', site: 'local', agent: 'a-1', incarnation, sequence: 1, node: 'n-9', at: '2026-01-16T09:00:00.000Z', product: 'orchat', labels: {},
  version: 'v0.6.2', health: 'healthy', ...over,
});

const planWish = (to: string) => ({ product: 'orchat', to, selector: 'n-1', nodes: ['n-1'], strategy: {}, dryRun: false });
const nothing = () => Promise.resolve();

const cases: [name: string, Case][] = [
  ['ImportCatalogue', { given: nothing, wish: (meta) => new ImportCatalogue(meta, catalogue()), other: (meta) => new ImportCatalogue(meta, catalogue({ name: 'Other' })) }],
  ['RegisterNode', { given: nothing, wish: (meta) => new RegisterNode(meta, 'n-1', 'local', 'orchat', {}), other: (meta) => new RegisterNode(meta, 'n-1', 'local', 'orchat', { tier: 'web' }) }],
  ['PlanRollout', { given: fleetOf, wish: (meta) => new PlanRollout(meta, planWish('v0.7.0')), other: (meta) => new PlanRollout(meta, planWish('v0.6.3')) }],
  ['StartRollout', { given: planned, wish: (meta) => new StartRollout(meta, rollout, null), other: (meta) => new StartRollout(meta, rollout, 'f'.repeat(64)) }],
  ['PauseRollout', { given: started, wish: (meta) => new PauseRollout(meta, rollout, 'lunch'), other: (meta) => new PauseRollout(meta, rollout, 'dinner') }],
  ['ResumeRollout', {
    given: async (house) => {
      await started(house);
      await house.bus.execute(new PauseRollout(house.meta(), rollout, 'lunch'));
    },
    wish: (meta) => new ResumeRollout(meta, rollout), other: (meta) => new AbortRollout(meta, rollout, 'enough'),
  }],
  ['AbortRollout', { given: started, wish: (meta) => new AbortRollout(meta, rollout, 'enough'), other: (meta) => new AbortRollout(meta, rollout, 'too much') }],
  ['RollBackRollout', { given: rolledOut, wish: (meta) => new RollBackRollout(meta, rollout, 'slow'), other: (meta) => new RollBackRollout(meta, rollout, 'slower') }],
  ['AdvanceRollout', { given: started, wish: (meta) => new AdvanceRollout(meta, rollout), other: (meta) => new PauseRollout(meta, rollout, 'lunch') }],
  ['ExpireWait', {
    given: async (house) => {
      await planned(house);
      house.clock.advance(30 * 24 * 3_600_000);
    },
    wish: (meta) => new ExpireWait(meta, rollout, 'start'), other: (meta) => new ExpireWait(meta, rollout, 'resume'),
  }],
  ['StartUpgrade', {
    given: async (house) => {
      await started(house);
      await house.bus.execute(new AdvanceRollout(house.meta(), rollout));
      const { state } = await house.book.rollout(rollout);
      if (state.status === 'none') throw new Error('not planned');
      order = `${rollout}.${state.members.at(0).node}`;
    },
    wish: (meta) => new StartUpgrade(meta, nodeOf(), rollout), other: (meta) => new RegisterNode(meta, nodeOf(), 'local', 'orchat', { tier: 'web' }),
  }],
  ['SettleNode', {
    given: ordered, wish: (meta) => new SettleNode(meta, rollout, nodeOf(), 'skipped', null, 'node-busy'),
    other: (meta) => new SettleNode(meta, rollout, nodeOf(), 'failed', null, 'node-busy'),
  }],
  ['ExpireStep', {
    given: async (house) => {
      await ordered(house);
      house.clock.advance(24 * 3_600_000);
    },
    wish: (meta) => new ExpireStep(meta, nodeOf(), order, 'acceptance'), other: (meta) => new ExpireStep(meta, nodeOf(), order, 'report'),
  }],
  ['AdvancePassage', {
    given: async (house) => {
      await ordered(house);
      house.clock.advance(24 * 3_600_000);
      await house.bus.execute(new ExpireStep(house.meta(), nodeOf(), order, 'acceptance'));
    },
    wish: (meta) => new AdvancePassage(meta, nodeOf()), other: (meta) => new RegisterNode(meta, other(), 'local', 'orchat', { tier: 'web' }),
  }],
  ['StopUpgrade', { given: ordered, wish: (meta) => new StopUpgrade(meta, nodeOf(), rollout, 'enough'), other: (meta) => new StopUpgrade(meta, nodeOf(), rollout, 'too much') }],
  ['StartRollback', { given: rolledOut, wish: (meta) => new StartRollback(meta, 'n-1', rollout, 'slow'), other: (meta) => new StartRollback(meta, 'n-1', rollout, 'slower') }],
  ['EnrolAgent', { given: nothing, wish: (meta) => new EnrolAgent(meta, 'local', agent), other: (meta) => new EnrolAgent(meta, 'local', { ...agent, channel: 'kafka' }) }],
  ['RetireAgent', {
    given: async (house) => void (await house.bus.execute(new EnrolAgent(house.meta(), 'local', agent))),
    wish: (meta) => new RetireAgent(meta, 'local', 'a-1', 'lost'), other: (meta) => new EnrolAgent(meta, 'local', { ...agent, channel: 'kafka' }),
  }],
  ['RefuseMessage', {
    given: nothing, wish: (meta) => new RefuseMessage(meta, 'local', null, 'malformed', 'a'.repeat(64), 12),
    other: (meta) => new RefuseMessage(meta, 'local', null, 'bad-signature', 'a'.repeat(64), 12),
  }],
];

describe.each(cases)('%s', (_, { given, wish, other: another }) => {
  let house: MemoryHouse;
  let first: Extract<Outcome, { ok: true }>;
  const meta = { command: randomUUID(), actor: { kind: 'person' as const, ref: 'tester' } };

  beforeAll(async () => {
    house = await MemoryHouse.open();
    await given(house);
  });
  afterAll(() => house.close());

  it('records something, and says where it stands', async () => {
    const before = await house.size();
    first = (await house.bus.execute<Wish, unknown>(wish(meta))) as typeof first;
    expect(first).toMatchObject({ ok: true, repeated: false });
    expect(first.events.length).toBeGreaterThan(0);
    expect(await house.typesAfter(before)).toEqual(first.events.map((event) => event.type));
    expect(first.position).toBe(await house.size());
  });

  it('answers a repeat with the first result and records nothing, also to somebody who remembers nothing', async () => {
    const size = await house.size();
    const newcomer = await MemoryHouse.open(house);
    for (const one of [house, newcomer]) {
      expect(await one.bus.execute(wish(meta))).toMatchObject({ ok: true, repeated: true, position: first.position, version: first.version, stream: first.stream, events: [] });
    }
    expect(await house.size()).toBe(size);
    await newcomer.close();
  });

  it('refuses another wish under the same id', async () => {
    const size = await house.size();
    const outcome: unknown = await house.bus.execute(another(meta));
    expect(outcome).toMatchObject({ ok: false, refusal: { code: 'command-reused' } });
    expect(await house.size()).toBe(size);
  });
});

describe('TakeReport', () => {
  it('counts a report once by its agent, incarnation and sequence, whatever happened since', async () => {
    const house = await MemoryHouse.open();
    const evidence = [Buffer.from('said')];
    const first = await house.bus.execute(new TakeReport(announced(), evidence));
    if (!first.ok) throw new Error(first.refusal.code);
    await house.bus.execute(new TakeReport(announced({ kind: 'observed', sequence: 2, version: 'v0.7.0' }), []));
    const size = await house.size();
    expect(await house.bus.execute(new TakeReport(announced(), evidence))).toMatchObject({ ok: true, repeated: true, position: first.position });
    expect(await house.bus.execute(new TakeReport(announced({ health: 'degraded' }), evidence))).toMatchObject({ ok: false, refusal: { code: 'command-reused' } });
    expect(await house.size()).toBe(size);
    expect(await house.bus.execute(new TakeReport(announced({ kind: 'observed', incarnation: randomUUID() }), []))).toMatchObject({ ok: true, repeated: false });
    expect(await house.size()).toBe(size + 1);
    await house.close();
  });
});
