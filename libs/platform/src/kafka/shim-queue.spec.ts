import { jest } from '@jest/globals';
import { createRequire } from 'node:module';
import { patchRequestQueue } from './shim-queue.js';
import type { RequestQueue as Patched } from './shim-queue.js';

interface Queue {
  throttledUntil: number;
  push(request: object): void;
  fulfillRequest(answer: object): void;
  destroy(): void;
}
const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as {
  new (options: object): Queue;
  prototype: Queue & Patched;
};
const logger = { debug: () => undefined, warn: () => undefined };

function newQueue(maxInFlightRequests: number | null = null): Queue {
  return new RequestQueue({
    maxInFlightRequests,
    requestTimeout: 30_000,
    enforceRequestTimeout: false,
    logger,
  });
}

function ask(queue: Queue, correlationId: number): { sent: boolean } {
  const state = { sent: false };
  const entry = { correlationId, resolve: () => undefined, reject: () => undefined };
  queue.push({ entry, expectResponse: true, sendRequest: () => (state.sent = true) });
  return state;
}

function askAndAnswer(queue: Queue): void {
  ask(queue, 1);
  queue.fulfillRequest({ correlationId: 1, payload: Buffer.alloc(0), size: 0 });
}

describe('the request queue of kafkajs', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('arms a timer for ever after one answer when it is left as it is', () => {
    const timers = jest.spyOn(globalThis, 'setTimeout');
    const queue = newQueue();
    askAndAnswer(queue);
    jest.advanceTimersByTime(1_000);
    expect(timers.mock.calls.length).toBeGreaterThan(100);
    expect(timers.mock.calls.some(([, delay]) => Number(delay) < 0)).toBe(true);
    queue.destroy();
  });

  describe('patched', () => {
    beforeAll(() => patchRequestQueue(RequestQueue.prototype));

    it('arms no timer when nothing waits', () => {
      askAndAnswer(newQueue());
      expect(jest.getTimerCount()).toBe(0);
    });

    it('still sends what waited for the throttle', () => {
      const queue = newQueue();
      queue.throttledUntil = Date.now() + 500;
      const request = ask(queue, 1);
      expect(request.sent).toBe(false);
      jest.advanceTimersByTime(510);
      expect(request.sent).toBe(true);
    });

    it('still sends what waited for a free place', () => {
      const queue = newQueue(1);
      ask(queue, 1);
      const second = ask(queue, 2);
      expect(second.sent).toBe(false);
      queue.fulfillRequest({ correlationId: 1, payload: Buffer.alloc(0), size: 0 });
      expect(second.sent).toBe(true);
      expect(jest.getTimerCount()).toBeLessThanOrEqual(1);
      jest.advanceTimersByTime(100);
      expect(jest.getTimerCount()).toBe(0);
    });
  });

  it('refuses another shape', () => {
    const unknown = { pending: [], throttledUntil: -1, scheduleCheckPendingRequests: () => undefined };
    expect(() => patchRequestQueue(unknown)).toThrow(
      'kafkajs: scheduleCheckPendingRequests is not the function that the patch was made for',
    );
  });
});
