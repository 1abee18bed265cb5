import { randomUUID } from 'node:crypto';
import { EnvelopeTooLarge, digestOf, envelopeOf, verifyLedger } from '#ledger';
import type { AppendItem, AppendResult, BlobStore, Expectation, Ledger } from '#ledger';
import { leafHash } from '#proof';
import { event, item } from '../../support/items.js';

export interface Shelf {
  ledger: Ledger;
  blobs: BlobStore;
}

/** What every shelf of the ledger must do. `open` gives an empty ledger. */
export function ledgerContract(name: string, open: () => Promise<Shelf>): void {
  describe(`${name} keeps the ledger's contract`, () => {
    let ledger: Ledger;
    let blobs: BlobStore;

    beforeEach(async () => {
      ({ ledger, blobs } = await open());
    });

    const append = async (one: AppendItem): Promise<AppendResult> => (await ledger.append([one]))[0]!;
    const size = async () => (await ledger.head()).position;

    it('gives dense positions from 1 in the order of the items', async () => {
      expect(await size()).toBe(0);
      const results = await ledger.append([item('a/1', { events: [event(), event()] }), item('b/1'), item('a/2')]);
      expect(results).toEqual([
        { outcome: 'appended', position: 2, version: 2 },
        { outcome: 'appended', position: 3, version: 1 },
        { outcome: 'appended', position: 4, version: 1 },
      ]);
      expect((await ledger.read(0, 10)).map((one) => [one.position, one.stream, one.version])).toEqual([
        [1, 'a/1', 1], [2, 'a/1', 2], [3, 'b/1', 1], [4, 'a/2', 1],
      ]);
      expect(await size()).toBe(4);
    });

    it('stores canonical bytes that say what the row says, under their RFC 6962 leaf hash', async () => {
      const one = item('node/n-1', { causation: 'cause', events: [event('node.seen', { z: 1, a: [true, null, 'é\u2028"'] })] });
      await append(one);
      const [stored] = await ledger.read(0, 1);
      const envelope = envelopeOf(stored!);
      expect(stored!.leafHash).toEqual(leafHash(stored!.bytes));
      expect(envelope).toEqual({
        _ledger: { position: 1, recordedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string, version: 1 },
        actor: { kind: 'service', ref: 'test' }, causation: 'cause', command: one.command, correlation: one.correlation,
        data: { a: [true, null, 'é\u2028"'], z: 1 }, occurredAt: '2026-01-16T09:00:00.000Z', ordinal: 0, revision: 1,
        stream: 'node/n-1', type: 'node.seen',
      });
      expect(stored!.bytes.toString().startsWith('{"_ledger":{"position":1,"recordedAt":"')).toBe(true);
      expect(await verifyLedger(ledger)).toMatchObject({ ok: true, size: 1 });
    });

    const cases: [string, number, Expectation, boolean][] = [
      ['no-stream on a new stream', 0, 'no-stream', true],
      ['no-stream on a stream', 1, 'no-stream', false],
      ['exists on a new stream', 0, 'exists', false],
      ['exists on a stream', 2, 'exists', true],
      ['any on a new stream', 0, 'any', true],
      ['any on a stream', 1, 'any', true],
      ['exact 0 on a new stream', 0, { exact: 0 }, true],
      ['exact with the version', 2, { exact: 2 }, true],
      ['exact with an older version', 2, { exact: 1 }, false],
      ['exact with a later version', 2, { exact: 3 }, false],
    ];
    it.each(cases)('expectation: %s', async (_, before, expect_, ok) => {
      for (let i = 0; i < before; i++) await append(item('s/1'));
      const result = await append(item('s/1', { expect: expect_ }));
      if (ok) expect(result).toEqual({ outcome: 'appended', position: before + 1, version: before + 1 });
      else expect(result).toEqual({ outcome: 'conflict', stream: 's/1', version: before });
      expect(await size()).toBe(ok ? before + 1 : before);
    });

    it('holds an item to the versions of streams that it only relied on', async () => {
      await append(item('policy/1'));
      await append(item('calendar/1'));
      const guards = [{ stream: 'policy/1', version: 1 }, { stream: 'calendar/1', version: 1 }, { stream: 'absent/1', version: 0 }];
      expect(await append(item('r/1', { guards }))).toMatchObject({ outcome: 'appended' });
      await append(item('policy/1'));
      expect(await append(item('r/1', { guards }))).toEqual({ outcome: 'guard', stream: 'policy/1', version: 2 });
      expect(await ledger.readStream('r/1')).toHaveLength(1);
    });

    it('answers a repeated command with the first result, whatever happened since', async () => {
      const one = item('s/1', { expect: 'no-stream', events: [event(), event()] });
      const first = await append(one);
      await append(item('s/1'));
      expect(await append(one)).toEqual({ ...first, outcome: 'repeated' });
      expect(await ledger.findCommand(one.command)).toEqual({ stream: 's/1', digest: one.digest, position: 2, version: 2 });
      expect(await size()).toBe(3);
    });

    it('refuses the id of a command that asked something else', async () => {
      const one = item('s/1');
      await append(one);
      expect(await append({ ...one, digest: digestOf('something else') })).toEqual({ outcome: 'command-reused' });
      expect(await size()).toBe(1);
    });

    it('judges the items of one call one after the other', async () => {
      const one = item('s/1', { expect: { exact: 0 } });
      const results = await ledger.append([
        one, item('s/1', { expect: { exact: 0 } }), item('s/1', { expect: { exact: 1 } }), one,
        item('t/1', { guards: [{ stream: 's/1', version: 2 }] }), item('s/1'), item('s/1'),
      ]);
      expect(results.map((result) => result.outcome)).toEqual([
        'appended', 'conflict', 'appended', 'repeated', 'appended', 'appended', 'appended',
      ]);
      expect(await size()).toBe(5);
    });

    it('lets the good items of a call through beside a bad one', async () => {
      const results = await ledger.append([item('a/1'), item('b/1', { expect: 'exists' }), item('c/1')]);
      expect(results.map((result) => result.outcome)).toEqual(['appended', 'conflict', 'appended']);
      expect((await ledger.read(0, 10)).map((one) => one.stream)).toEqual(['a/1', 'c/1']);
    });

    it('refuses an envelope over 64 KiB and writes nothing of the call', async () => {
      const big = item('s/1', { events: [event('thing.happened', { text: 'x'.repeat(65_536) })] });
      await expect(Promise.resolve().then(() => ledger.append([item('t/1'), big]))).rejects.toThrow(EnvelopeTooLarge);
      expect(await size()).toBe(0);
      const fits = item('s/1', { events: [event('thing.happened', { text: 'x'.repeat(64_000) })] });
      expect(await append(fits)).toMatchObject({ outcome: 'appended' });
    });

    it.each([
      ['no events', { events: [] }],
      ['a command id that is no UUID', { command: 'x' }],
      ['a stream without a kind', { stream: 'n1' }],
      ['an event without an instant', { events: [{ ...event(), occurredAt: 'today' }] }],
      ['an undefined inside the data', { events: [event('thing.happened', { a: undefined } as never)] }],
      ['a guard on the stream it writes', { guards: [{ stream: 's/1', version: 0 }] }],
    ])('throws on a broken item: %s', async (_, part) => {
      await expect(Promise.resolve().then(() => ledger.append([{ ...item('s/1'), ...part }]))).rejects.toThrow();
      expect(await size()).toBe(0);
    });

    it('reads by position and by stream', async () => {
      await ledger.append(['a/1', 'b/1', 'a/1', 'a/1'].map((stream) => item(stream)));
      expect((await ledger.read(2, 1)).map((one) => one.position)).toEqual([3]);
      expect((await ledger.read(4, 10))).toEqual([]);
      expect((await ledger.readStream('a/1', 1)).map((one) => one.version)).toEqual([2, 3]);
      expect((await ledger.readStreams(['b/1', 'a/1', 'c/1'].map((stream) => ({ stream, afterVersion: stream === 'a/1' ? 1 : 0 })))).map((one) => `${one.stream} ${one.version}`)).toEqual([
        'a/1 2', 'a/1 3', 'b/1 1',
      ]);
      expect(await ledger.findCommand(randomUUID())).toBeUndefined();
    });

    it('keeps blobs by their digest', async () => {
      const bytes = Buffer.from('output of a command');
      const sha256 = await blobs.put(bytes);
      expect(await blobs.put(bytes)).toBe(sha256);
      expect(await blobs.get(sha256)).toEqual(bytes);
      expect(await blobs.get('0'.repeat(64))).toBeUndefined();
      expect(await blobs.get('rubbish')).toBeUndefined();
    });
  });
}
