import type { KafkaMessage } from 'kafkajs';
import { toReceived } from './records.js';

const message = (over: Partial<KafkaMessage>): KafkaMessage =>
  ({
    offset: '7',
    key: null,
    value: null,
    timestamp: '1',
    attributes: 0,
    headers: {},
    ...over,
  }) as KafkaMessage;

describe('toReceived', () => {
  it('takes a record without key, value and headers', () => {
    expect(toReceived('t', 0, message({ headers: undefined }))).toEqual({
      topic: 't',
      partition: 0,
      offset: 7,
      key: null,
      value: null,
      headers: {},
      timestampMs: 1,
    });
  });

  it('reads headers as text, the last of several, and survives strange ones', () => {
    const headers: KafkaMessage['headers'] = Object.fromEntries<Buffer | Buffer[] | undefined>([
      ['id', Buffer.from('1')],
      ['twice', [Buffer.from('a'), Buffer.from('b')]],
      ['empty', undefined],
      ['nothing', null as never],
      ['binary', Buffer.from([0xff])],
      ['__proto__', Buffer.from('own')],
    ]);
    const got = toReceived('t', 0, message({ headers })).headers;
    expect(Object.entries(got)).toEqual([
      ['id', '1'],
      ['twice', 'b'],
      ['empty', ''],
      ['nothing', ''],
      ['binary', '\ufffd'],
      ['__proto__', 'own'],
    ]);
    expect(Object.getPrototypeOf(got)).toBe(Object.prototype);
  });

  it('replaces what is not UTF-8 in a key and leaves the value as it is', () => {
    const record = toReceived(
      't',
      0,
      message({ key: Buffer.from([0x61, 0xff]), value: Buffer.from([0xff, 0]) }),
    );
    expect(record.key).toBe('a\ufffd');
    expect(record.value).toEqual(Buffer.from([0xff, 0]));
  });
});
