import type { StoredEvent, StreamPart } from '../contract.js';
import { StreamReads } from './stream-reads.js';

const empty = Buffer.alloc(0);
const event = (stream: string, version: number): StoredEvent => ({ position: version, stream, version, type: 'thing.happened', command: '', ordinal: 0, leafHash: empty, bytes: empty });

/** A reader of streams with three events each, which notes what it was asked and answers when it is let go. */
class Reader {
  readonly asked: StreamPart[][] = [];
  private readonly held: (() => void)[] = [];
  failing = false;

  async readStreams(wanted: readonly StreamPart[]): Promise<StoredEvent[]> {
    this.asked.push([...wanted]);
    await new Promise<void>((resolve) => this.held.push(resolve));
    if (this.failing) throw new Error('gone');
    return wanted.flatMap(({ stream, afterVersion }) => [1, 2, 3].filter((version) => version > afterVersion).map((version) => event(stream, version)));
  }

  readStream(stream: string, afterVersion = 0): Promise<StoredEvent[]> {
    return this.readStreams([{ stream, afterVersion }]);
  }

  letGo(): void {
    this.held.shift()!();
  }
}

const versions = async (read: Promise<StoredEvent[]>) => (await read).map((one) => one.version);
const settled = () => new Promise((resolve) => setImmediate(resolve));

it('asks at once when nothing is under way, and groups what comes meanwhile', async () => {
  const reader = new Reader();
  const reads = new StreamReads(reader);
  const all = ['a', 'b', 'c', 'd', 'e'].map((name) => reads.read(`s/${name}`, 1));
  expect(reader.asked.map((one) => one.length)).toEqual([1, 1]);
  reader.letGo();
  await settled();
  expect(reader.asked[2]).toEqual(['c', 'd', 'e'].map((name) => ({ stream: `s/${name}`, afterVersion: 1 })));
  reader.letGo();
  reader.letGo();
  expect(await Promise.all(all.map(versions))).toEqual(all.map(() => [2, 3]));
});

it('gives each of two that ask for one stream what lies behind its own version', async () => {
  const reader = new Reader();
  const reads = new StreamReads(reader);
  const first = [reads.read('s/x', 0), reads.read('s/y', 0)];
  const both = [reads.read('s/1', 2), reads.read('s/1', 0), reads.read('s/1', 3)];
  reader.letGo();
  await settled();
  expect(reader.asked[2]).toEqual([{ stream: 's/1', afterVersion: 0 }]);
  reader.letGo();
  reader.letGo();
  await Promise.all(first);
  expect(await Promise.all(both.map(versions))).toEqual([[3], [1, 2, 3], []]);
});

it('tells all of a group that it failed, and goes on with the next', async () => {
  const reader = new Reader();
  const reads = new StreamReads(reader);
  reader.failing = true;
  const failing = ['a', 'b'].map((name) => expect(reads.read(`s/${name}`, 0)).rejects.toThrow('gone'));
  reader.letGo();
  reader.letGo();
  await Promise.all(failing);
  reader.failing = false;
  const next = versions(reads.read('s/c', 0));
  reader.letGo();
  expect(await next).toEqual([1, 2, 3]);
});
