import { leafHash, sha256Hex } from '#proof';
import { bodiesOf, stamped } from '../envelope.js';
import { limits } from '../contract.js';
import type {
  AppendItem, AppendResult, BlobStore, CommandRecord, Expectation, Guard, Head, Ledger, StoredEvent, StreamPart,
} from '../contract.js';

/** The ledger's contract in memory, for tests of what stands above it. Forgets everything with the process. */
export class MemoryShelf implements Ledger {
  private readonly events: StoredEvent[] = [];
  private readonly streams = new Map<string, StoredEvent[]>();
  private readonly commands = new Map<string, CommandRecord>();
  private recordedAt = '';

  constructor(private readonly now: () => string) {}

  head(): Promise<Head> {
    return Promise.resolve({ position: this.events.length });
  }

  read(after: number, limit: number): Promise<StoredEvent[]> {
    return Promise.resolve(this.events.slice(after, after + limit));
  }

  readStream(stream: string, afterVersion = 0): Promise<StoredEvent[]> {
    return Promise.resolve((this.streams.get(stream) ?? []).slice(afterVersion));
  }

  readStreams(wanted: readonly StreamPart[]): Promise<StoredEvent[]> {
    const inOrder = [...wanted].sort((a, b) => (a.stream < b.stream ? -1 : 1));
    return Promise.resolve(inOrder.flatMap(({ stream, afterVersion }) => (this.streams.get(stream) ?? []).slice(afterVersion)));
  }

  findCommand(command: string): Promise<CommandRecord | undefined> {
    return Promise.resolve(this.commands.get(command));
  }

  append(items: AppendItem[]): Promise<AppendResult[]> {
    // All bodies first: an item that cannot be stored must stop the call before anything is.
    const bodies = items.map(bodiesOf);
    return Promise.resolve(items.map((item, i) => this.appendOne(item, bodies[i]!)));
  }

  private appendOne(item: AppendItem, bodies: Buffer[]): AppendResult {
    const prior = this.commands.get(item.command);
    if (prior) {
      if (prior.digest !== item.digest) return { outcome: 'command-reused' };
      return { outcome: 'repeated', position: prior.position, version: prior.version };
    }
    const version = this.versionOf(item.stream);
    if (!meets(item.expect, version)) return { outcome: 'conflict', stream: item.stream, version };
    const broken = (item.guards ?? []).filter((guard) => !this.holds(guard)).sort((a, b) => (a.stream < b.stream ? -1 : 1))[0];
    if (broken) return { outcome: 'guard', stream: broken.stream, version: this.versionOf(broken.stream) };
    for (const [ordinal, body] of bodies.entries()) this.store(item, ordinal, body);
    const record = { stream: item.stream, digest: item.digest, position: this.events.length, version: version + bodies.length };
    this.commands.set(item.command, record);
    return { outcome: 'appended', position: record.position, version: record.version };
  }

  private store(item: AppendItem, ordinal: number, body: Buffer): void {
    const now = this.now();
    if (now > this.recordedAt) this.recordedAt = now;
    const position = this.events.length + 1;
    const version = this.versionOf(item.stream) + 1;
    const bytes = stamped(body, position, this.recordedAt, version);
    const event: StoredEvent = {
      position, stream: item.stream, version, type: item.events[ordinal]!.type, command: item.command, ordinal,
      leafHash: leafHash(bytes), bytes,
    };
    this.events.push(event);
    this.streams.set(item.stream, [...(this.streams.get(item.stream) ?? []), event]);
  }

  private holds(guard: Guard): boolean {
    return this.versionOf(guard.stream) === guard.version;
  }

  private versionOf(stream: string): number {
    return this.streams.get(stream)?.length ?? 0;
  }
}

function meets(expect: Expectation, version: number): boolean {
  if (expect === 'any') return true;
  if (expect === 'exists') return version > 0;
  if (expect === 'no-stream') return version === 0;
  return version === expect.exact;
}

export class MemoryBlobs implements BlobStore {
  private readonly blobs = new Map<string, Buffer>();

  put(bytes: Buffer): Promise<string> {
    if (bytes.length > limits.blobBytes) throw new RangeError(`a blob holds ${limits.blobBytes} bytes, not ${bytes.length}`);
    const sha256 = sha256Hex(bytes);
    this.blobs.set(sha256, Buffer.from(bytes));
    return Promise.resolve(sha256);
  }

  get(sha256: string): Promise<Buffer | undefined> {
    return Promise.resolve(this.blobs.get(sha256));
  }
}
