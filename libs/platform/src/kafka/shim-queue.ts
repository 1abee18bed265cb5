import { demandShape } from './shim-shape.js';

/** What the patch reads and writes of kafkajs 2.2.4 src/network/requestQueue/index.js. */
export interface RequestQueue {
  pending: unknown[];
  throttledUntil: number;
  scheduleCheckPendingRequests: (this: RequestQueue) => void;
}

/**
 * Stops the request queue from arming a timer for ever after its first answer: an idle consumer then burns
 * processor time, and Node 24 prints TimeoutNegativeWarning for the negative delay (kafkajs issues #1751
 * and #1704; the condition is the one proposed in pull request #1768).
 */
export function patchRequestQueue(prototype: RequestQueue): void {
  demandShape(prototype, 'scheduleCheckPendingRequests', [
    'this.throttledUntil - Date.now()',
    'this.throttleCheckTimeoutId = setTimeout',
    'this.pending.length > 0',
  ]);
  const original = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function () {
    // With nothing waiting and no throttle there is nothing a later check could find.
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) original.call(this);
  };
}
