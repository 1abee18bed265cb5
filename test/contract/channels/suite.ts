import { randomUUID } from 'node:crypto';
import { EnrolAgent, RegisterNode } from '#commands';
import { envelopeOf, sha256Hex } from '#ledger';
import { openOrder, sealOrder, sealReport } from '#messaging';
import type { AgentChannel, OrderBody, ReceiptBody, ReportBody } from '#messaging';
import { silentLogger, systemClock } from '#platform';
import { Agent } from '../../../apps/agent/src/agent.js';
import { testFolders } from '../../support/agent-folder.js';
import { newSigner, orderBody, reportBody, signedText } from '../../support/messages.js';
import type { Signer } from '../../support/messages.js';
import { until } from '../../support/until.js';
import type { Ground } from './grounds.js';

const limitMs = 20_000;
const person = () => ({ command: randomUUID(), actor: { kind: 'person' as const, ref: 'tester' } });

/** An agent that notes what reaches it, and can be stopped and started again. */
class End {
  readonly seen: OrderBody[] = [];
  readonly taken = new Set<number>();
  readonly refused = new Map<number, string>();
  /** Fails so often before it takes anything. */
  failures = 0;
  private cursor = 0;
  private channel: AgentChannel | undefined;

  constructor(
    private readonly ground: Ground,
    readonly site: string,
    readonly signer: Signer,
  ) {}

  async start(): Promise<void> {
    this.channel = this.ground.agent(this.site, this.signer, this.cursor);
    await this.channel.start({ orders: (messages, cursor) => this.orders(messages, cursor), receipt: (receipt) => this.receipt(receipt) });
  }

  async stop(): Promise<void> {
    await this.channel?.stop();
    this.channel = undefined;
  }

  /** Orders for nodes whose names begin so, each where it was first seen. */
  of(prefix: string, node = prefix): string[] {
    return [...new Set(this.seen.filter((order) => order.node.startsWith(node) && order.node.startsWith(prefix)).map((order) => order.order))];
  }

  send(messages: readonly Buffer[]): Promise<void> {
    return this.channel!.send(messages.map((bytes) => ({ node: 'x', bytes })));
  }

  /** Sends again and again what no receipt has named, as agents do. */
  async sendUntilReceipted(reports: readonly { sequence: number; bytes: Buffer }[], ms = limitMs): Promise<void> {
    const left = () => reports.filter(({ sequence }) => !this.taken.has(sequence) && !this.refused.has(sequence));
    for (const end = performance.now() + ms; left().length > 0; ) {
      if (performance.now() > end) throw new Error(`no receipt for ${left().map((one) => one.sequence).join()}`);
      await this.send(left().map((one) => one.bytes)).catch(() => undefined);
      const soon = performance.now() + 1_000;
      await until(() => left().length === 0 || performance.now() > soon, 2_000);
    }
  }

  private orders(messages: readonly Buffer[], cursor?: number): Promise<void> {
    if (messages.length > 0 && this.failures-- > 0) return Promise.reject(new Error('the disk is full'));
    for (const bytes of messages) {
      const opened = openOrder(bytes, this.ground.service.keys);
      if (opened.ok) this.seen.push(opened.body);
    }
    this.cursor = cursor ?? this.cursor;
    return Promise.resolve();
  }

  private receipt({ taken, refused }: ReceiptBody): Promise<void> {
    for (const sequence of taken) this.taken.add(sequence);
    for (const { sequence, code } of refused) this.refused.set(sequence, code);
    return Promise.resolve();
  }
}

/** What every channel between service and agents owes both. */
export function channelContract(open: () => Promise<Ground>): void {
  const folder = testFolders('channel');
  let ground: Ground;
  let [one, two, far]: End[] = [];
  let ends: End[];
  let sequence = 0;

  beforeAll(async () => {
    ground = await open();
    [one, two, far] = ends = [['north', 'a-1'], ['north', 'a-2'], ['south', 'a-1']].map(([site, name]) => new End(ground, site!, newSigner(name!))) as [End, End, End];
    for (const { site, signer } of ends) await ground.bus.execute(new EnrolAgent(person(), site, { ...signer.known, channel: 'kafka' }));
    await ground.orders(['north', 'south'].map((site) => order(site, 'first', 1)));
    await ground.startService();
    for (const end of ends) await end.start();
  }, 90_000);
  afterAll(async () => {
    await Promise.all(ends.map((end) => end.stop()));
    await ground.stopService();
    await ground.close();
  }, 60_000);

  const order = (site: string, node: string, number: number, signer = ground.service, over: Partial<OrderBody> = {}) => {
    const body = orderBody({ site, node, order: `r-1.${node}.1.${number}.1`, position: number, ...over });
    return { site, node, position: number, bytes: sealOrder(body, signer.key, signer.keyId) };
  };
  const numbered = (node: string, count: number, from = 1) => Array.from({ length: count }, (_, i) => `r-1.${node}.1.${from + i}.1`);
  const report = (end: End, node: string, over: Partial<ReportBody> = {}, evidence: Buffer[] = [], signer = end.signer) => {
    sequence += 1;
    const body = reportBody('announced', { site: end.site, agent: end.signer.name, sequence, node, ...over });
    return { sequence, bytes: sealReport(body, evidence, signer.key, signer.keyId) };
  };
  const recorded = async (stream: string) => (await ground.book.ledger.readStream(stream)).map((stored) => envelopeOf(stored));
  const refusals = async (bytes: Buffer, site = 'north') =>
    (await recorded(`site/${site}`)).filter((event) => event.type === 'site.message-refused' && event.data['sha256'] === sha256Hex(bytes)).map((event) => ({ by: event.actor.ref, reason: event.data['reason'], agent: event.data['agent'] }));

  describe('orders', () => {
    it('reach every agent of the site, each node\'s in their order, and no agent of another site', async () => {
      const letters = Array.from({ length: 20 }, (_, i) => ['alpha', 'beta', 'gamma'].map((node) => order('north', node, i + 1))).flat();
      await ground.orders(letters);
      await ground.orders([order('south', 'southern', 1)]);
      for (const end of [one!, two!]) {
        await until(() => ['alpha', 'beta', 'gamma'].every((node) => end.of(node).length === 20), limitMs);
        for (const node of ['alpha', 'beta', 'gamma']) expect(end.of(node)).toEqual(numbered(node, 20));
      }
      await until(() => far!.of('southern').length === 1, limitMs);
      expect(far!.seen.every((body) => body.site === 'south')).toBe(true);
      expect(one!.seen.every((body) => body.site === 'north')).toBe(true);
    }, 60_000);

    it('come again to an agent that could not keep them, in the same order', async () => {
      one!.failures = 2;
      await ground.orders(Array.from({ length: 5 }, (_, i) => order('north', 'retry', i + 1)));
      await until(() => one!.of('retry').length === 5, limitMs);
      expect(one!.of('retry')).toEqual(numbered('retry', 5));
    }, 60_000);

    it('that are sent twice disturb nothing that comes behind them', async () => {
      const again = order('north', 'twice', 1);
      await ground.orders([again]);
      await ground.orders([again]);
      await ground.orders([order('north', 'twice', 2)]);
      await until(() => two!.of('twice').length === 2, limitMs);
      expect(two!.of('twice')).toEqual(numbered('twice', 2));
    }, 60_000);

    it('made while an agent was away reach it when it is back', async () => {
      await one!.stop();
      await ground.orders(Array.from({ length: 10 }, (_, i) => order('north', 'away', i + 1)));
      await until(() => two!.of('away').length === 10, limitMs);
      expect(one!.of('away')).toEqual([]);
      await one!.start();
      await until(() => one!.of('away').length === 10, limitMs);
      expect(one!.of('away')).toEqual(numbered('away', 10));
    }, 60_000);

    it('lie behind rubbish and forgeries without being held up', async () => {
      const forged = order('north', 'behind', 1, newSigner('somebody'));
      for (const bytes of [Buffer.from('{'), Buffer.from('rubbish'), forged.bytes]) await ground.rawOrder('north', bytes);
      await ground.orders([order('north', 'behind', 2)]);
      await until(() => [one!, two!].every((end) => end.of('behind').length === 1), limitMs);
      expect(one!.of('behind')).toEqual(numbered('behind', 1, 2));
    }, 60_000);

    it('that are not the service\'s, or of another site, are refused by the agent, and the ledger says so', async () => {
      const real = { ...two!.signer };
      await two!.stop();
      const forged = order('north', 'forged', 1, newSigner('somebody')).bytes;
      const strange = order('north', 'forged', 2, ground.service, { site: 'south' }).bytes;
      const rubbish = Buffer.from('{"rubbish":true}');
      const agent = new Agent({
        site: 'north', agent: real.name, state: folder(), identity: { privateKey: real.key, keyId: real.keyId } as never, serviceKeys: ground.service.keys,
        nodes: new Map(), products: new Map(), mirror: '', observeSeconds: 3_600, clock: systemClock, logger: silentLogger,
        channel: (cursor) => ground.agent('north', real, cursor),
      });
      await agent.start({ observe: false });
      try {
        for (const bytes of [forged, strange, rubbish]) await ground.rawOrder('north', bytes);
        await until(async () => (await Promise.all([forged, strange, rubbish].map((bytes) => refusals(bytes)))).every((found) => found.length === 1), limitMs);
        const by = 'north/a-2';
        expect(await refusals(forged)).toEqual([{ by, reason: 'unknown-key', agent: null }]);
        expect(await refusals(strange)).toEqual([{ by, reason: 'wrong-site', agent: null }]);
        expect(await refusals(rubbish)).toEqual([{ by, reason: 'malformed', agent: null }]);
      } finally {
        await agent.stop();
        await two!.start();
      }
    }, 60_000);
  });

  describe('reports', () => {
    it('come through, and a receipt names each; sent again they count once', async () => {
      const reports = ['r-a', 'r-b', 'r-c'].map((node) => report(one!, node));
      await one!.sendUntilReceipted(reports);
      await one!.send(reports.map((sent) => sent.bytes));
      const last = report(one!, 'r-c', { kind: 'observed', version: 'v2.0' });
      await one!.sendUntilReceipted([last]);
      expect([...reports, last].every((sent) => one!.taken.has(sent.sequence))).toBe(true);
      expect(two!.taken.size).toBe(0);
      for (const node of ['r-a', 'r-b']) expect((await recorded(`node/${node}`)).map((event) => event.type)).toEqual(['node.registered', 'node.version-observed', 'node.health-observed']);
      expect((await recorded('node/r-c')).at(-1)).toMatchObject({ type: 'node.version-observed', actor: { kind: 'agent', ref: 'north/a-1' } });
    }, 60_000);

    it('that will never be in the ledger are receipted as refused', async () => {
      await ground.bus.execute(new RegisterNode(person(), 'elsewhere', 'south', 'thing', {}));
      const sent = report(one!, 'elsewhere');
      await one!.sendUntilReceipted([sent]);
      expect(one!.refused.get(sent.sequence)).toBe('node-elsewhere');
    }, 60_000);

    it('of a wrong signature, key or site are refused and recorded, and those behind them are taken', async () => {
      const stranger = newSigner('a-1');
      const good = report(one!, 'trusted');
      const torn = JSON.parse(good.bytes.toString('utf8')) as { envelope: { payload: string; signatures: object[] }; evidence: [] };
      torn.envelope.payload = Buffer.from(JSON.stringify(reportBody('announced', { agent: 'a-1', node: 'torn' }))).toString('base64');
      const cases: [Buffer, string, string | null][] = [
        [report(one!, 'unknown', {}, [], stranger).bytes, 'unknown-key', null],
        [Buffer.from(JSON.stringify(torn)), 'bad-signature', null],
        [report(one!, 'otherwise', { agent: 'a-2' }).bytes, 'wrong-key', 'a-1'],
        [report(one!, 'otherwhere', { site: 'south' }).bytes, 'wrong-site', 'a-1'],
        [Buffer.from(JSON.stringify({ envelope: JSON.parse(signedText('application/vnd.rollbook.order.v1+json', '{}', one!.signer).toString('utf8')) as object, evidence: [] })), 'wrong-type', null],
      ];
      await ground.rawReports('north', [...cases.map(([bytes]) => bytes), good.bytes], one!.signer);
      await until(async () => (await recorded('node/trusted')).length > 0, limitMs);
      for (const [bytes, reason, agent] of cases) expect(await refusals(bytes)).toEqual([{ by: 'receiver', reason, agent }]);
      for (const node of ['unknown', 'torn', 'otherwise', 'otherwhere']) expect(await recorded(`node/${node}`)).toEqual([]);
    }, 60_000);

    it('that nobody can read hold up none behind them, and are recorded', async () => {
      const good = report(one!, 'beyond');
      await ground.rawReports('north', [...ground.rubbish, good.bytes], one!.signer);
      await until(async () => (await recorded('node/beyond')).length > 0, limitMs);
      for (const bytes of ground.rubbish) expect(await refusals(bytes)).toMatchObject([{ by: 'receiver', reason: 'malformed' }]);
    }, 60_000);

    it('too large for the channel hold up none behind them', async () => {
      const bytes = Buffer.alloc(ground.tooLarge ?? 2_000_000, 'x');
      const output = { sha256: sha256Hex(bytes), bytes: bytes.length, truncated: false };
      const { report: finished } = reportBody('finished') as { report: NonNullable<ReportBody['report']> };
      const large = report(one!, 'large', { ...reportBody('finished'), site: 'north', agent: 'a-1', sequence: sequence + 1, node: 'large', report: { ...finished, output } }, [bytes]);
      const good = report(one!, 'slim');
      await one!.send([large.bytes, good.bytes]);
      await until(() => one!.taken.has(good.sequence), limitMs);
      expect(one!.refused.get(large.sequence)).toBe(ground.tooLarge === undefined ? 'node-unknown' : undefined);
    }, 60_000);

    it('made while the service was away are taken when it is back, once', async () => {
      await ground.stopService();
      const reports = Array.from({ length: 5 }, (_, i) => report(two!, `late-${i}`));
      const sending = two!.sendUntilReceipted(reports, 40_000);
      await ground.startService();
      await sending;
      for (const [i] of reports.entries()) {
        expect((await recorded(`node/late-${i}`)).map((event) => event.type)).toEqual(['node.registered', 'node.version-observed', 'node.health-observed']);
      }
      await ground.orders([order('north', 'afterwards', 1)]);
      await until(() => [one!, two!].every((end) => end.of('afterwards').length === 1), limitMs);
    }, 90_000);
  });
}
