import { jest } from '@jest/globals';
import type { EachBatchPayload } from 'kafkajs';
import { silentLogger } from '../logger.js';
import { Delivery } from './delivery.js';
import type { BatchControl, BatchHandler } from './delivery.js';
import type { ReceivedRecord } from './records.js';

interface Told {
  resolved: string[];
  commits: number;
  paused: number;
  resumed: number;
  beats: number;
}

function payloadOf(
  count: number,
  over: Partial<EachBatchPayload> = {},
): { payload: EachBatchPayload; told: Told } {
  const told: Told = { resolved: [], commits: 0, paused: 0, resumed: 0, beats: 0 };
  const messages = Array.from({ length: count }, (_, at) => ({
    offset: String(100 + at),
    key: Buffer.from(`k${at}`),
    value: Buffer.from(`v${at}`),
    timestamp: '1700000000000',
    attributes: 0,
    headers: {},
  }));
  const payload: Partial<EachBatchPayload> = {
    batch: { topic: 't', partition: 3, messages } as unknown as EachBatchPayload['batch'],
    isRunning: () => true,
    isStale: () => false,
    resolveOffset: (offset) => void told.resolved.push(offset),
    uncommittedOffsets: () => ({ topics: [] }),
    commitOffsetsIfNecessary: () => Promise.resolve(void told.commits++),
    heartbeat: () => Promise.resolve(void told.beats++),
    pause: () => {
      told.paused++;
      return () => void told.resumed++;
    },
    ...over,
  };
  return { payload: payload as EachBatchPayload, told };
}

const newDelivery = (onBatch: BatchHandler, expelled: () => boolean = () => false, batchMax = 4) =>
  new Delivery(
    { onBatch, logger: silentLogger, batchMax, pauseMs: 50, backoff: { firstMs: 100, maxMs: 400 } },
    expelled,
  );

describe('Delivery', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('gives parts of batchMax, commits after each and beats in between', async () => {
    const sizes: number[] = [];
    const { payload, told } = payloadOf(10);
    await newDelivery((records) => Promise.resolve(sizes.push(records.length) && records.length)).deliver(
      payload,
    );
    expect(sizes).toEqual([4, 4, 2]);
    expect(told).toEqual({ resolved: ['103', '107', '109'], commits: 3, paused: 0, resumed: 0, beats: 3 });
  });

  it('tells the handler all of a record', async () => {
    let seen: ReceivedRecord[] = [];
    await newDelivery((records) => Promise.resolve((seen = records).length)).deliver(payloadOf(1).payload);
    expect(seen).toEqual([
      {
        topic: 't',
        partition: 3,
        offset: 100,
        key: 'k0',
        value: Buffer.from('v0'),
        headers: {},
        timestampMs: 17e11,
      },
    ]);
  });

  it('commits only the part that was taken and lets the partition rest', async () => {
    const { payload, told } = payloadOf(10);
    await newDelivery(() => Promise.resolve(3)).deliver(payload);
    expect(told).toEqual({ resolved: ['102'], commits: 1, paused: 1, resumed: 0, beats: 1 });
    jest.advanceTimersByTime(50);
    expect(told.resumed).toBe(1);
  });

  it.each([
    ['throws', () => Promise.reject(new Error('poison'))],
    ['throws at once', () => { throw new Error('poison'); }], // prettier-ignore
    ['answers too much', () => Promise.resolve(11)],
    ['answers less than nothing', () => Promise.resolve(-1)],
    ['answers half a record', () => Promise.resolve(0.5)],
    ['answers nothing', () => Promise.resolve(undefined as unknown as number)],
  ])('survives a handler that %s: nothing is committed, the partition rests', async (_, handler) => {
    const { payload, told } = payloadOf(10);
    await newDelivery(handler).deliver(payload);
    expect(told).toEqual({ resolved: [], commits: 0, paused: 1, resumed: 0, beats: 1 });
  });

  it('rests longer from failure to failure up to the limit, and anew after a success', async () => {
    let fail = true;
    const delivery = newDelivery((records) =>
      fail ? Promise.reject(new Error('x')) : Promise.resolve(records.length),
    );
    const restOf = async () => {
      const { payload, told } = payloadOf(1);
      await delivery.deliver(payload);
      let waited = 0;
      for (; told.resumed < told.paused; waited += 10) jest.advanceTimersByTime(10);
      return waited;
    };
    expect([await restOf(), await restOf(), await restOf(), await restOf()]).toEqual([100, 200, 400, 400]);
    fail = false;
    expect(await restOf()).toBe(0);
    fail = true;
    expect(await restOf()).toBe(100);
  });

  it('passes errors of kafkajs on, so that it can join the group again', async () => {
    const refuse = () => Promise.reject(new Error('REBALANCE_IN_PROGRESS'));
    const taking: BatchHandler = (records) => Promise.resolve(records.length);
    await expect(newDelivery(taking).deliver(payloadOf(1, { heartbeat: refuse }).payload)).rejects.toThrow(
      'REBALANCE',
    );
    const commitFails = payloadOf(1, { commitOffsetsIfNecessary: refuse });
    await expect(newDelivery(taking).deliver(commitFails.payload)).rejects.toThrow('REBALANCE');
    expect(commitFails.told.beats).toBe(0);
  });

  it('delivers nothing more once it is stopped, expelled or kafkajs has moved away', async () => {
    let calls = 0;
    const counting: BatchHandler = (records) => Promise.resolve(++calls && records.length);
    await newDelivery(counting, () => true).deliver(payloadOf(1).payload);
    await newDelivery(counting).deliver(payloadOf(1, { isRunning: () => false }).payload);
    await newDelivery(counting).deliver(payloadOf(1, { isStale: () => true }).payload);
    const stopped = newDelivery(counting);
    stopped.stop();
    await stopped.deliver(payloadOf(1).payload);
    expect(calls).toBe(0);
  });

  it('tells a running handler that it has become stale, and wakes no partition after the stop', async () => {
    const controls: BatchControl[] = [];
    const delivery = newDelivery((_, control) => {
      controls.push(control);
      expect(control.stale()).toBe(false);
      delivery.stop();
      return Promise.resolve(1);
    });
    const { payload, told } = payloadOf(2);
    await delivery.deliver(payload);
    expect(controls[0]!.stale()).toBe(true);
    expect(told.paused).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });
});
