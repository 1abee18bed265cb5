import { randomUUID } from 'node:crypto';
import { digestOf } from '../../../dist/libs/ledger/src/index.js';

const actor = { kind: 'agent', ref: 'local/agent-1' };
const correlation = randomUUID();
const causation = `${randomUUID()}.0`;
const digest = digestOf({ any: 'thing' });
const eventsPerStream = 50;

/** Gives one event after the other, on one stream after the other; about 430 bytes each when stored. */
export function newWork() {
  let stream = '';
  let version = eventsPerStream;
  return () => {
    if (version === eventsPerStream) {
      stream = `node/${randomUUID()}`;
      version = 0;
    }
    const command = randomUUID();
    const occurredAt = '2026-01-16T09:00:00.000Z';
    const data = { node: stream.slice(5), order: `${command}.1`, epoch: 1, index: version, attempt: 1, acceptedAt: occurredAt };
    return { stream, version: version++, event: { type: 'step.accepted', revision: 1, data, occurredAt }, command, digest, actor, correlation, causation };
  };
}
