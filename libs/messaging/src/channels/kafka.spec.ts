import { incarnation, newSigner, orderBody } from '../../../../test/support/messages.js';
import { sealOrder } from '../orders/order.js';
import { sealReceipt } from '../receipts/receipt.js';
import type { ReceiptBody } from '../receipts/receipt.js';
import { KafkaAgentChannel, KafkaOrderSender, KafkaReportReceiver } from './kafka.js';
import type { KafkaRecord, MakeReceiver } from './kafka.js';

const service = newSigner('service');
const receipt = (over: Partial<ReceiptBody> = {}): ReceiptBody => ({ site: 'north', agent: 'agent-1', incarnation, taken: [1], refused: [], ...over });
const record = (value: Buffer | null, topic = 'rollbook.reports.north.v1') => ({ topic, value });

class FakeSender {
  readonly sent: KafkaRecord[] = [];
  send(records: readonly KafkaRecord[]) {
    this.sent.push(...records);
    return Promise.resolve();
  }
}

/** Receivers as they are made, with what is asked of them; each call may be made to fail. */
class FakeBroker {
  readonly calls: string[] = [];
  fail: string | undefined;
  deliver: Parameters<MakeReceiver>[2] = () => Promise.resolve(0);
  private made = 0;

  readonly make: MakeReceiver = (groupId, topics, onBatch) => {
    const number = ++this.made;
    this.deliver = onBatch;
    this.calls.push(`make ${number} ${groupId} ${topics.join()}`);
    const call = (what: string) => {
      this.calls.push(`${what} ${number}`);
      return this.fail === what ? Promise.reject(new Error(`${what} failed`)) : Promise.resolve();
    };
    return { start: () => call('start'), stop: () => call('stop'), replaceTopics: (next) => call('replace').then(() => void this.calls.push(next.join())) };
  };
}

describe('the agent on Kafka', () => {
  const seen: string[] = [];
  const broker = new FakeBroker();
  const sender = new FakeSender();
  const channel = new KafkaAgentChannel({ site: 'north', agent: 'agent-1', sender, makeReceiver: broker.make, serviceKeys: service.keys });

  beforeEach(async () => {
    seen.length = 0;
    await channel.start({
      orders: (messages) => {
        if (messages.length > 0) seen.push(`${messages.length} orders`);
        return Promise.resolve();
      },
      receipt: ({ taken }) => Promise.resolve(void seen.push(`receipt ${taken.join()}`)),
    });
  });

  it('is a group of its own, on the orders of its site', () => {
    expect(broker.calls).toEqual(['make 1 rollbook-agent-north-agent-1 rollbook.orders.north.v1', 'start 1']);
  });

  it('tells receipts from orders, and takes only its own', async () => {
    const others = [receipt({ agent: 'agent-2' }), receipt({ site: 'south' })].map((one) => record(sealReceipt(one, service.key)));
    const forged = record(sealReceipt(receipt(), newSigner('stranger').key, service.keyId));
    const order = record(sealOrder(orderBody(), service.key));
    const batch = [order, ...others, forged, record(null), record(sealReceipt(receipt({ taken: [4, 5] }), service.key))];
    expect(await broker.deliver(batch)).toBe(batch.length);
    expect(seen).toEqual(['1 orders', 'receipt 4,5']);
  });

  it('sends reports keyed by node', async () => {
    await channel.send([{ node: 'n-7', bytes: Buffer.from('r') }]);
    expect(sender.sent).toEqual([{ topic: 'rollbook.reports.north.v1', key: 'n-7', value: Buffer.from('r') }]);
  });
});

it('sends orders to their sites, keyed by node', async () => {
  const sender = new FakeSender();
  await new KafkaOrderSender(sender).send([{ site: 'north', node: 'n-1', position: 1, bytes: Buffer.from('o') }]);
  expect(sender.sent).toEqual([{ topic: 'rollbook.orders.north.v1', key: 'n-1', value: Buffer.from('o') }]);
});

describe('the service\'s end of reports on Kafka', () => {
  let broker: FakeBroker;
  let sender: FakeSender;
  let receiver: KafkaReportReceiver;
  const taken: string[] = [];

  beforeEach(() => {
    taken.length = 0;
    broker = new FakeBroker();
    sender = new FakeSender();
    receiver = new KafkaReportReceiver({ sender, makeReceiver: broker.make, sealReceipt: (one) => Buffer.from(one.agent) });
  });
  const start = () => receiver.start((site, messages) => {
    taken.push(`${site} ${messages.join()}`);
    return Promise.resolve([receipt({ site, agent: 'agent-9' })]);
  });

  it('begins with the first site, and follows the others', async () => {
    await start();
    expect(broker.calls).toEqual([]);
    await receiver.setSites(['north']);
    await receiver.setSites(['north']);
    await receiver.setSites(['north', 'south']);
    expect(broker.calls).toEqual([
      'make 1 rollbook-receiver rollbook.reports.north.v1', 'start 1', 'replace 1', 'rollbook.reports.north.v1,rollbook.reports.south.v1',
    ]);
  });

  it('may be told of sites before it starts', async () => {
    await receiver.setSites(['north']);
    expect(broker.calls).toEqual([]);
    await start();
    expect(broker.calls).toEqual(['make 1 rollbook-receiver rollbook.reports.north.v1', 'start 1']);
  });

  it('tries again when it is asked again for sites that it could not get', async () => {
    await start();
    await receiver.setSites(['north']);
    broker.fail = 'replace';
    await expect(receiver.setSites(['north', 'south'])).rejects.toThrow('replace failed');
    broker.fail = undefined;
    await receiver.setSites(['north', 'south']);
    expect(broker.calls.slice(2)).toEqual(['replace 1', 'replace 1', 'rollbook.reports.north.v1,rollbook.reports.south.v1']);
  });

  it('makes a new receiver after one that did not start', async () => {
    await start();
    broker.fail = 'start';
    await expect(receiver.setSites(['north'])).rejects.toThrow('start failed');
    broker.fail = undefined;
    await receiver.setSites(['north']);
    expect(broker.calls.slice(2)).toEqual(['make 2 rollbook-receiver rollbook.reports.north.v1', 'start 2']);
  });

  it('stops receiving when no site is left, and begins again with the next', async () => {
    await start();
    await receiver.setSites(['north']);
    await receiver.setSites([]);
    await receiver.setSites(['south']);
    expect(broker.calls.slice(2)).toEqual(['stop 1', 'make 2 rollbook-receiver rollbook.reports.south.v1', 'start 2']);
  });

  it('stays stopped, whatever sites appear', async () => {
    await start();
    await receiver.setSites(['north']);
    await receiver.stop();
    await receiver.setSites(['north', 'south']);
    expect(broker.calls.slice(2)).toEqual(['stop 1']);
    await start();
    expect(broker.calls.slice(3)).toEqual(['make 2 rollbook-receiver rollbook.reports.north.v1,rollbook.reports.south.v1', 'start 2']);
  });

  it('hands reports over by site and sends the receipts back to the site of each', async () => {
    await start();
    await receiver.setSites(['a.b', 'north']);
    const batch = [record(Buffer.from('1')), record(null, 'rollbook.reports.a.b.v1'), record(Buffer.from('2'))];
    expect(await broker.deliver(batch)).toBe(3);
    expect(taken).toEqual(['north 1,2', 'a.b ']);
    expect(sender.sent.map(({ topic, key }) => `${topic} ${key}`)).toEqual(['rollbook.orders.north.v1 agent-9', 'rollbook.orders.a.b.v1 agent-9']);
  });

  it('lets the broker deliver again when the receipts could not be sent', async () => {
    await start();
    await receiver.setSites(['north']);
    sender.send = () => Promise.reject(new Error('no broker'));
    await expect(broker.deliver([record(Buffer.from('1'))])).rejects.toThrow('no broker');
  });
});
