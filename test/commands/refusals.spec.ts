import { randomUUID } from 'node:crypto';
import {
  AbortRollout, AdvancePassage, AdvanceRollout, EnrolAgent, ExpireStep, ExpireWait, ImportCatalogue, PauseRollout, PlanRollout, RegisterNode, ResumeRollout,
  RetireAgent, RollBackRollout, SettleNode, StartRollback, StartRollout, StartUpgrade, StopUpgrade, TakeReport,
} from '#commands';
import type { CheckedReport } from '#commands';
import { sha256Hex } from '#ledger';
import { keyIdOf, newSigningKey, publicKeyPem } from '#proof';
import { catalogue } from '../support/given.js';
import { MemoryHouse } from '../support/memory-house.js';

let house: MemoryHouse;
let rollout: string;

const newAgent = () => {
  const { publicKey } = newSigningKey();
  return { agent: 'a-1', keyId: keyIdOf(publicKey), publicKey: publicKeyPem(publicKey), channel: 'pull' as const };
};

beforeAll(async () => {
  house = await MemoryHouse.open();
  await house.fleet.importCatalogue();
  await house.fleet.announce('n-1');
  await house.fleet.announce('n-2');
  await house.bus.execute(new RegisterNode(house.meta(), 'silent', 'local', 'orchat', {}));
  await house.bus.execute(new EnrolAgent(house.meta(), 'local', newAgent()));
  rollout = await house.fleet.plan({ nodes: ['n-1'] });
});
afterAll(() => house.close());

const meta = () => house.meta();
const broken = () => {
  const whole = catalogue();
  return { ...whole, runbooks: whole.runbooks.map((one) => ({ ...one, digest: 'e'.repeat(64) })) };
};
const plan = (over: object) => new PlanRollout(meta(), { product: 'orchat', to: 'v0.7.0', selector: 'x', nodes: ['n-2'], strategy: {}, dryRun: false, ...over });
const told = (over: Partial<CheckedReport>): CheckedReport => ({
  kind: 'observed', site: 'local', agent: 'a-1', incarnation: randomUUID(), sequence: 1, node: 'n-1', at: '2026-01-16T09:00:00.000Z', version: 'v0.6.2', health: 'healthy', ...over,
});

describe('a refusal is an answer with a code, and writes nothing:', () => {
  it.each([
    ['a catalogue whose runbook is not what its digest says', 'runbook-digest-mismatch', () => new ImportCatalogue(meta(), broken())],
    ['a node under a name that cannot be', 'node-name-invalid', () => new RegisterNode(meta(), 'N 1', 'local', 'orchat', {})],
    ['a node that another site has', 'node-elsewhere', () => new RegisterNode(meta(), 'n-1', 'far', 'orchat', {})],
    ['a plan for a product that nobody knows', 'product-unknown', () => plan({ product: 'pump' })],
    ['a plan to a version that nobody knows', 'version-unknown', () => plan({ to: 'v9.9.9' })],
    ['a plan with a node twice', 'node-listed-twice', () => plan({ nodes: ['n-2', 'n-2'] })],
    ['a plan of a node that nobody registered', 'node-unknown', () => plan({ nodes: ['nobody'] })],
    ['a plan of a node whose version nobody has seen', 'node-version-unknown', () => plan({ nodes: ['silent'] })],
    ['a plan with a strategy that cannot be', 'strategy-invalid', () => plan({ strategy: { maxUnavailable: 0 } })],
    ['the start of a plan that was another one when it was read', 'plan-changed', () => new StartRollout(meta(), rollout, 'f'.repeat(64))],
    ['a pause of what does not run', 'rollout-not-running', () => new PauseRollout(meta(), rollout, 'lunch')],
    ['going on with what is not paused', 'rollout-not-paused', () => new ResumeRollout(meta(), rollout)],
    ['taking back what has not ended', 'rollout-not-ended', () => new RollBackRollout(meta(), rollout, 'slow')],
    ['the upgrade of a node that is not in the rollout', 'node-not-upgraded', () => new StartUpgrade(meta(), 'n-2', rollout)],
    ['the upgrade of a node that its rollout has not admitted', 'node-not-admitted', () => new StartUpgrade(meta(), 'n-1', rollout)],
    ['the end of a node that is not in the rollout', 'node-not-upgraded', () => new SettleNode(meta(), rollout, 'n-2', 'verified', 'verified', null)],
    ['the rollback of a node that was not upgraded', 'node-not-upgraded', () => new StartRollback(meta(), 'n-1', rollout, 'slow')],
    ['an agent with another key than the one it has', 'agent-key-differs', () => new EnrolAgent(meta(), 'local', newAgent())],
    ['the retirement of an agent that is not there', 'agent-unknown', () => new RetireAgent(meta(), 'local', 'a-9', 'lost')],
    ['a report of a node that nobody registered', 'node-unknown', () => new TakeReport(told({ node: 'nobody' }), [])],
    ['a report of a node of another site', 'node-elsewhere', () => new TakeReport(told({ site: 'far' }), [])],
    ['a report on an order that was never given', 'order-unknown', () => new TakeReport(told({ kind: 'accepted', order: 'r-1.n-1.1.0.1' }), [])],
  ])('%s', async (_, code, wish) => {
    const size = await house.size();
    const command = wish();
    expect(await house.bus.execute(command)).toMatchObject({ ok: false, refusal: { code } });
    expect(await house.size()).toBe(size);
  });

  it.each([
    ['StartRollout', () => new StartRollout(meta(), 'r-none', null)], ['PauseRollout', () => new PauseRollout(meta(), 'r-none', 'x')],
    ['ResumeRollout', () => new ResumeRollout(meta(), 'r-none')], ['AbortRollout', () => new AbortRollout(meta(), 'r-none', 'x')],
    ['RollBackRollout', () => new RollBackRollout(meta(), 'r-none', 'x')], ['AdvanceRollout', () => new AdvanceRollout(meta(), 'r-none')],
    ['ExpireWait', () => new ExpireWait(meta(), 'r-none', 'start')], ['SettleNode', () => new SettleNode(meta(), 'r-none', 'n-1', 'failed', null, null)],
    ['StartUpgrade', () => new StartUpgrade(meta(), 'n-1', 'r-none')],
  ])('%s of a rollout that nobody planned', async (_, wish) => {
    const size = await house.size();
    expect(await house.bus.execute(wish())).toMatchObject({ ok: false, refusal: { code: 'rollout-unknown', facts: { rollout: 'r-none' } } });
    expect(await house.size()).toBe(size);
  });

  it.each([
    ['AdvancePassage', () => new AdvancePassage(meta(), 'nobody')], ['ExpireStep', () => new ExpireStep(meta(), 'nobody', 'r.nobody.1.0.1', 'report')],
    ['StopUpgrade', () => new StopUpgrade(meta(), 'nobody', 'r-1', 'x')], ['StartRollback', () => new StartRollback(meta(), 'nobody', 'r-1', 'x')],
  ])('%s of a node that nobody registered', async (_, wish) => {
    const size = await house.size();
    expect(await house.bus.execute(wish())).toMatchObject({ ok: false, refusal: { code: 'node-unknown', facts: { node: 'nobody' } } });
    expect(await house.size()).toBe(size);
  });
});

describe('a wish that finds nothing to do', () => {
  it.each([
    ['a node as it is', () => new RegisterNode(meta(), 'n-1', 'local', 'orchat', {})],
    ['an advance of a node that has no passage', () => new AdvancePassage(meta(), 'n-1')],
    ['an advance of a rollout that is not started', () => new AdvanceRollout(meta(), rollout)],
    ['the end of a wait that is not over', () => new ExpireWait(meta(), rollout, 'start')],
    ['the end of a node that is not under way', () => new SettleNode(meta(), rollout, 'n-1', 'verified', 'verified', null)],
  ])('is done without a word: %s', async (_, wish) => {
    const size = await house.size();
    expect(await house.bus.execute(wish())).toMatchObject({ ok: true, repeated: false, events: [] });
    expect(await house.size()).toBe(size);
  });

  it('may be asked again under its id when there is something to do', async () => {
    const command = randomUUID();
    const advance = () => house.bus.execute(new AdvanceRollout(house.meta(command), rollout));
    expect(await advance()).toMatchObject({ ok: true, events: [] });
    await house.fleet.start(rollout);
    expect(await advance()).toMatchObject({ ok: true, repeated: false, events: [{ type: 'rollout.nodes-admitted' }] });
    expect(await advance()).toMatchObject({ ok: true, repeated: true });
  });
});

it('stores no evidence of a report that is refused', async () => {
  const bytes = Buffer.from('of nobody');
  await house.bus.execute(new TakeReport(told({ site: 'far' }), [bytes]));
  expect(await house.blobs.get(sha256Hex(bytes))).toBeUndefined();
});
