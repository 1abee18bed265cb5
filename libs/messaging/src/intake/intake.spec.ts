import { incarnation, newSigner, reportBody, signedText } from '../../../../test/support/messages.js';
import { orderType } from '../orders/order.js';
import { reportsInReceipt } from '../receipts/receipt.js';
import { sealReport } from '../reports/report.js';
import type { ReportBody } from '../reports/report.js';
import { Intake } from './intake.js';
import type { IntakePorts } from './intake.js';

type Result = Awaited<ReturnType<IntakePorts['record']>>;

const first = newSigner('agent-1');
const second = newSigner('agent-2');
const stranger = newSigner('agent-3');

const report = (sequence: number, over: Partial<ReportBody> = {}, by = first) => {
  const body = reportBody('observed', { sequence, agent: by.name, ...over });
  return sealReport(body, [], by.key, by.keyId);
};

/** A service that takes what it is given, keeps it, and answers as a test wants. */
class Service implements IntakePorts {
  readonly recorded: string[] = [];
  readonly refused: { agent: string | null; reason: string }[] = [];
  readonly intake = new Intake(this);
  answer: (body: ReportBody) => Result | Promise<Result> = () => 'taken';

  agentsOf(site: string) {
    return Promise.resolve(site === 'north' ? [first.known, second.known] : []);
  }

  async record({ body }: { body: ReportBody }): Promise<Result> {
    const result = await this.answer(body);
    this.recorded.push(`${body.agent} ${body.node} ${body.sequence}`);
    return result;
  }

  refuse({ agent, reason }: { agent: string | null; reason: string }) {
    this.refused.push({ agent, reason });
    return Promise.resolve();
  }
}

let service: Service;
beforeEach(() => (service = new Service()));
const take = (...messages: Buffer[]) => service.intake.take('north', messages);

it('records what is good and gives one receipt to each agent', async () => {
  const receipts = await take(report(1), report(1, {}, second), report(2, { node: 'n-2' }));
  expect(receipts).toEqual([
    { site: 'north', agent: 'agent-1', incarnation, taken: [1, 2], refused: [] },
    { site: 'north', agent: 'agent-2', incarnation, taken: [1], refused: [] },
  ]);
  expect(service.recorded.sort()).toEqual(['agent-1 n-1 1', 'agent-1 n-2 2', 'agent-2 n-1 1']);
  expect(service.refused).toEqual([]);
});

it('keeps the journals of one agent apart in its receipts', async () => {
  const before = '00000000-0000-4000-8000-000000000000';
  const receipts = await take(report(7, { incarnation: before }), report(1));
  expect(receipts.map((one) => [one.incarnation, one.taken])).toEqual([[before, [7]], [incarnation, [1]]]);
});

it('tells the agent what is refused for good, and nothing of what may be taken later', async () => {
  service.answer = ({ sequence }) => (['taken', 'later', { refused: 'order-unknown' }] as const)[sequence - 1]!;
  expect(await take(report(1), report(2), report(3))).toEqual([
    { site: 'north', agent: 'agent-1', incarnation, taken: [1], refused: [{ sequence: 3, code: 'order-unknown' }] },
  ]);
  service.answer = () => 'later';
  expect(await take(report(4))).toEqual([]);
});

it.each([
  ['a stranger', report(1, {}, stranger), { agent: null, reason: 'unknown-key' }],
  ['a stranger under the id of an agent', sealReport(reportBody('observed'), [], stranger.key, first.keyId), { agent: null, reason: 'bad-signature' }],
  ['one agent in the name of another', sealReport(reportBody('observed', { agent: 'agent-2' }), [], first.key, first.keyId), { agent: 'agent-1', reason: 'wrong-key' }],
  ['an agent of the site for another site', report(1, { site: 'south' }), { agent: 'agent-1', reason: 'wrong-site' }],
  ['something that is no report', Buffer.from(JSON.stringify({ envelope: JSON.parse(signedText(orderType, '{}', first).toString()) as unknown })), { agent: null, reason: 'wrong-type' }],
  ['nobody, and is rubbish', Buffer.from([0xff, 0x00]), { agent: null, reason: 'malformed' }],
])('sets aside what comes from %s, and takes the others', async (_, bad, told) => {
  const [receipt] = await take(bad, report(2));
  expect(receipt!.taken).toEqual([2]);
  expect(service.recorded).toEqual(['agent-1 n-1 2']);
  expect(service.refused).toEqual([told]);
});

it('knows nobody at a site without agents', async () => {
  expect(await service.intake.take('south', [report(1, { site: 'south' })])).toEqual([]);
  expect(service.refused).toEqual([{ agent: null, reason: 'unknown-key' }]);
});

it('keeps the order of a node\'s reports while those of other nodes overtake', async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  service.answer = async ({ node, sequence }): Promise<Result> => {
    if (node === 'n-1' && sequence === 1) await held;
    return 'taken';
  };
  const all = take(report(1), report(2), report(3), report(4, { node: 'n-2' }), report(5, { node: 'n-2' }));
  while (service.recorded.length < 2) await new Promise(setImmediate);
  expect(service.recorded).toEqual(['agent-1 n-2 4', 'agent-1 n-2 5']);
  release();
  expect((await all)[0]!.taken.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
  expect(service.recorded.slice(2)).toEqual(['agent-1 n-1 1', 'agent-1 n-1 2', 'agent-1 n-1 3']);
});

it('works on many nodes at once, within a bound', async () => {
  let [now, most] = [0, 0];
  service.answer = async (): Promise<Result> => {
    most = Math.max(most, ++now);
    await new Promise(setImmediate);
    now -= 1;
    return 'taken';
  };
  await take(...Array.from({ length: 200 }, (_, i) => report(i + 1, { node: `n-${i}` })));
  expect(most).toBeGreaterThan(10);
  expect(most).toBeLessThanOrEqual(64);
  expect(service.recorded).toHaveLength(200);
});

it('throws when the ledger is away, and nothing goes on behind the caller', async () => {
  let asked = 0;
  service.answer = async ({ node }): Promise<Result> => {
    asked += 1;
    await new Promise(setImmediate);
    if (node === 'n-0') throw new Error('the ledger is away');
    await new Promise(setImmediate);
    return 'taken';
  };
  const many = Array.from({ length: 200 }, (_, i) => report(i + 1, { node: `n-${i}` }));
  await expect(take(...many)).rejects.toThrow('the ledger is away');
  const [askedThen, recordedThen] = [asked, service.recorded.length];
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  expect([asked, service.recorded.length]).toEqual([askedThen, recordedThen]);
  expect(askedThen).toBe(64);
  service.answer = () => 'taken';
  expect((await take(...many))[0]!.taken).toHaveLength(200);
});

it('throws when a refusal cannot be recorded, so that it comes again', async () => {
  service.refuse = () => Promise.reject(new Error('the ledger is away'));
  await expect(take(Buffer.from('rubbish'))).rejects.toThrow('the ledger is away');
});

it('takes what is good out of a flood of rubbish', async () => {
  const flood: Buffer[] = Array.from({ length: 3_000 }, (_, i) => Buffer.from(`rubbish ${i}`));
  flood.splice(1_500, 0, report(1));
  const receipts = await take(...flood);
  expect(receipts.map((one) => one.taken)).toEqual([[1]]);
  expect(service.refused).toHaveLength(3_000);
});

it('gives several receipts where one could not name all', async () => {
  const receipts = await take(...Array.from({ length: reportsInReceipt + 5 }, (_, i) => report(i + 1)));
  expect(receipts.map((one) => one.taken.length)).toEqual([reportsInReceipt, 5]);
  expect(new Set(receipts.flatMap((one) => one.taken)).size).toBe(reportsInReceipt + 5);
});
