import type { StoredEvent, StreamPart } from '../contract.js';
import type { PostgresReader } from './reader.js';

interface Waiting extends StreamPart {
  resolve(events: StoredEvent[]): void;
  reject(error: unknown): void;
}

/** Statements under way at once: one stream that is long must not hold up all others. */
const lanes = 2;
/** What one statement asks for at most. */
const streamsMax = 200;

/**
 * Reads of single streams. Concurrent ones are grouped, as appends are: while statements are under way the next one gathers,
 * so that a hundred commands do not take a hundred statements. Each is asked after it was called for, and so sees all that
 * was committed before.
 */
export class StreamReads {
  private waiting: Waiting[] = [];
  private underWay = 0;

  constructor(private readonly reader: Pick<PostgresReader, 'readStream' | 'readStreams'>) {}

  read(stream: string, afterVersion: number): Promise<StoredEvent[]> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ stream, afterVersion, resolve, reject });
      this.flush();
    });
  }

  private flush(): void {
    while (this.underWay < lanes && this.waiting.length > 0) {
      const batch = this.waiting.splice(0, streamsMax);
      this.underWay += 1;
      void this.answer(batch).finally(() => {
        this.underWay -= 1;
        this.flush();
      });
    }
  }

  private async answer(batch: Waiting[]): Promise<void> {
    try {
      const found = await this.find(batch);
      for (const { stream, afterVersion, ...one } of batch) one.resolve((found.get(stream) ?? []).filter((event) => event.version > afterVersion));
    } catch (error) {
      for (const one of batch) one.reject(error);
    }
  }

  /** Events by stream; of a stream that is asked for twice, behind the lower version. */
  private async find(batch: Waiting[]): Promise<Map<string, StoredEvent[]>> {
    const [first] = batch;
    if (batch.length === 1) return new Map([[first!.stream, await this.reader.readStream(first!.stream, first!.afterVersion)]]);
    const behind = new Map<string, number>();
    for (const { stream, afterVersion } of batch) behind.set(stream, Math.min(afterVersion, behind.get(stream) ?? afterVersion));
    const found = new Map<string, StoredEvent[]>();
    for (const event of await this.reader.readStreams([...behind].map(([stream, afterVersion]) => ({ stream, afterVersion })))) {
      const of = found.get(event.stream);
      if (of) of.push(event);
      else found.set(event.stream, [event]);
    }
    return found;
  }
}
