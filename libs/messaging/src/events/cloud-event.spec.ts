import { cloudEventRecord } from './cloud-event.js';

const event = {
  id: 'e-1', type: 'step.ordered', stream: 'node/n-1', version: 3, position: 17, recordedAt: '2026-01-16T09:00:00.000Z', correlation: 'c', causation: null,
  bytes: Buffer.from('{"_ledger":{}}'),
};
const options = { topic: 'rollbook.events.v1', source: '/rollbook', partitionSequence: 5 };

it('puts the ledger\'s bytes on Kafka as they are, with all attributes beside them', () => {
  const { topic, key, value, headers } = cloudEventRecord(event, options);
  expect([topic, key]).toEqual(['rollbook.events.v1', 'node/n-1']);
  expect(value).toBe(event.bytes);
  expect(headers).toEqual({
    'content-type': 'application/json', ce_specversion: '1.0', ce_id: 'e-1', ce_source: '/rollbook', ce_type: 'rollbook.step.ordered', ce_subject: 'node/n-1',
    ce_time: '2026-01-16T09:00:00.000Z', ce_partitionkey: 'node/n-1', ce_position: '17', ce_streamversion: '3', ce_partitionsequence: '5', ce_correlationid: 'c',
  });
});

it('names a cause only where there is one', () => {
  expect(cloudEventRecord({ ...event, causation: 'cause' }, options).headers['ce_causationid']).toBe('cause');
});
