import { MerkleRoot, canonicalJson, leafHash } from '#proof';
import type { Envelope, LedgerReader, StoredEvent } from '../contract.js';

export interface Verification {
  ok: boolean;
  /** Events read and found in order. */
  size: number;
  /** RFC 6962 root over the stored bytes of those events, hex. */
  root: string;
  /** Where the first fault lies, and what it is. */
  position?: number;
  reason?: string;
}

/** Raised inside the checks; carries the position of the first fault. */
class Fault extends Error {
  constructor(
    readonly position: number,
    reason: string,
  ) {
    super(reason);
  }
}

export const verifyPage = 2_000;

/**
 * Reads the whole ledger and checks that it is what was once appended, from its own bytes: positions dense, each row
 * equal to what its bytes say, bytes canonical and hashing to the stored leaf, each stream's versions dense, time never
 * backwards, and the head at the end. Stops at the first fault and names its position.
 * A rewritten history whose hashes were all made anew passes here: that needs a root kept elsewhere (`expected`).
 */
export async function verifyLedger(
  reader: LedgerReader,
  options: { expected?: { size: number; root: string }; progress?: (done: number, total: number) => void } = {},
): Promise<Verification> {
  const checks = new Checks(options.expected);
  try {
    const head = await reader.head();
    for (;;) {
      const page = await reader.read(checks.position, verifyPage);
      for (const event of page) checks.accept(event);
      options.progress?.(checks.position, head.position);
      if (page.length < verifyPage) break;
    }
    // Read before the pages: whatever came meanwhile only makes the ledger longer.
    checks.reached(head.position);
    return { ok: true, ...checks.result() };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { ok: false, ...checks.result(), position: error.position, reason: error.message };
  }
}

class Checks {
  position = 0;
  private recordedAt = '';
  private readonly versions = new Map<string, number>();
  private readonly tree = new MerkleRoot();
  private command = { id: '', ordinal: -1 };

  constructor(private readonly expected?: { size: number; root: string }) {}

  accept(event: StoredEvent): void {
    const at = this.position + 1;
    if (event.position !== at) throw new Fault(at, `position ${at} is missing; the next one stored is ${event.position}`);
    this.bytesMatchLeaf(event);
    const envelope = this.parsed(event);
    this.rowMatchesBytes(event, envelope);
    this.inOrder(event, envelope);
    this.tree.add(event.leafHash);
    this.position = at;
    if (this.expected?.size === at) this.rootAsExpected(at);
  }

  reached(head: number): void {
    if (this.position < head) throw new Fault(this.position + 1, `the head says ${head} events, ${this.position} are stored`);
    if (this.expected && this.position < this.expected.size) {
      throw new Fault(this.position + 1, `a kept root covers ${this.expected.size} events, ${this.position} are stored`);
    }
  }

  result(): { size: number; root: string } {
    return { size: this.position, root: this.tree.root().toString('hex') };
  }

  private bytesMatchLeaf(event: StoredEvent): void {
    if (!leafHash(event.bytes).equals(event.leafHash)) {
      throw new Fault(event.position, 'the stored bytes do not hash to the stored leaf hash');
    }
  }

  private parsed(event: StoredEvent): Envelope {
    const text = event.bytes.toString('utf8');
    try {
      const envelope = JSON.parse(text) as Envelope;
      if (canonicalJson(envelope) === text && typeof envelope._ledger === 'object') return envelope;
    } catch {
      // Falls through: bytes that are not JSON are not canonical either.
    }
    throw new Fault(event.position, 'the stored bytes are not a canonical envelope');
  }

  private rowMatchesBytes(event: StoredEvent, envelope: Envelope): void {
    const pairs: [string, unknown, unknown][] = [
      ['position', event.position, envelope._ledger.position],
      ['version', event.version, envelope._ledger.version],
      ['stream', event.stream, envelope.stream],
      ['type', event.type, envelope.type],
      ['command', event.command, envelope.command],
      ['ordinal', event.ordinal, envelope.ordinal],
    ];
    for (const [name, row, bytes] of pairs) {
      if (row !== bytes) throw new Fault(event.position, `the row says ${name} ${String(row)}, its bytes say ${String(bytes)}`);
    }
  }

  private inOrder(event: StoredEvent, envelope: Envelope): void {
    const next = (this.versions.get(event.stream) ?? 0) + 1;
    if (event.version !== next) throw new Fault(event.position, `stream ${event.stream} has version ${event.version} where ${next} must stand`);
    this.versions.set(event.stream, next);
    if (envelope._ledger.recordedAt < this.recordedAt) throw new Fault(event.position, 'recorded before the event in front of it');
    this.recordedAt = envelope._ledger.recordedAt;
    const expected = event.command === this.command.id ? this.command.ordinal + 1 : 0;
    if (event.ordinal !== expected) throw new Fault(event.position, `ordinal ${event.ordinal} of its command where ${expected} must stand`);
    this.command = { id: event.command, ordinal: event.ordinal };
  }

  private rootAsExpected(size: number): void {
    const root = this.result().root;
    if (root !== this.expected!.root) throw new Fault(size, `the root over ${size} events is ${root}, a kept root says ${this.expected!.root}`);
  }
}
