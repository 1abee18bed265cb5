import type { KeyObject } from 'node:crypto';
import { readPublicKey, sha256Hex } from '#proof';
import { reportsInReceipt } from '../receipts/receipt.js';
import type { ReceiptBody } from '../receipts/receipt.js';
import { openReport, subjectOf } from '../reports/report.js';
import type { OpenedReport, ReportBody } from '../reports/report.js';

export interface KnownAgent {
  agent: string;
  keyId: string;
  publicKey: string;
}

/** What the intake needs of the service around it. */
export interface IntakePorts {
  /** Agents enrolled for a site, retired ones left out. */
  agentsOf(site: string): Promise<readonly KnownAgent[]>;
  /**
   * Puts a report into the ledger. MUST throw only when all may succeed later, as when the ledger is away. `later` is for
   * a report that cannot be dealt with now though others can: it gets no receipt, and its agent sends it again.
   */
  record(report: OpenedReport): Promise<'taken' | 'later' | { refused: string }>;
  /** Records that a message could not be trusted or read. */
  refuse(message: { site: string; agent: string | null; reason: string; sha256: string; bytes: number }): Promise<void>;
}

/** How many messages of one site are worked on at once; those of one node stay in their order. */
const nodesAtOnce = 64;

/**
 * Takes reports from any channel: signature, site, key and shape first, then the ledger. Bad messages are recorded as
 * refused and do not hold up the others; trouble that may pass is thrown, so that the channel delivers again.
 */
export class Intake {
  // PEM parsing costs more than verifying; keys never change under their id.
  private readonly keys = new Map<string, KeyObject>();

  constructor(private readonly ports: IntakePorts) {}

  /** One receipt for each agent whose reports were taken or refused for good. */
  async take(site: string, messages: readonly Buffer[]): Promise<ReceiptBody[]> {
    const agents = await this.ports.agentsOf(site);
    const keys = new Map(agents.map((one) => [one.keyId, this.keyOf(one)]));
    const byNode = new Map<string, OpenedReport[]>();
    for (const bytes of messages) {
      const report = await this.open(site, bytes, agents, keys);
      if (!report) continue;
      const subject = subjectOf(report.body);
      byNode.set(subject, [...(byNode.get(subject) ?? []), report]);
    }
    const receipts = new Receipts();
    const queues = [...byNode.values()];
    const worker = async () => {
      for (let queue = queues.shift(); queue; queue = queues.shift()) {
        for (const report of queue) receipts.add(report.body, await this.ports.record(report));
      }
    };
    const workers = Array.from({ length: Math.min(nodesAtOnce, queues.length) }, () => worker().finally(() => queues.splice(0)));
    // Whoever is told that it failed must not find that the rest of it goes on meanwhile.
    await Promise.allSettled(workers);
    await Promise.all(workers);
    return receipts.all();
  }

  private async open(site: string, bytes: Buffer, agents: readonly KnownAgent[], keys: ReadonlyMap<string, KeyObject>): Promise<OpenedReport | undefined> {
    const opened = openReport(bytes, keys);
    const refuse = async (agent: string | null, reason: string) => {
      await this.ports.refuse({ site, agent, reason, sha256: sha256Hex(bytes), bytes: bytes.length });
      return undefined;
    };
    if (!opened.ok) return refuse(null, opened.reason);
    const signer = agents.find((one) => one.keyId === opened.keyId)!.agent;
    if (opened.body.site !== site) return refuse(signer, 'wrong-site');
    if (opened.body.agent !== signer) return refuse(signer, 'wrong-key');
    return opened;
  }

  private keyOf(agent: KnownAgent): KeyObject {
    const known = this.keys.get(agent.keyId) ?? readPublicKey(agent.publicKey);
    this.keys.set(agent.keyId, known);
    return known;
  }
}

class Receipts {
  private readonly full: ReceiptBody[] = [];
  private readonly byAgent = new Map<string, ReceiptBody>();

  add({ site, agent, incarnation, sequence }: ReportBody, result: 'taken' | 'later' | { refused: string }): void {
    if (result === 'later') return;
    const key = `${agent} ${incarnation}`;
    const receipt = this.byAgent.get(key) ?? { site, agent, incarnation, taken: [], refused: [] };
    this.byAgent.set(key, receipt);
    if (result === 'taken') receipt.taken.push(sequence);
    else receipt.refused.push({ sequence, code: result.refused });
    if (Math.max(receipt.taken.length, receipt.refused.length) < reportsInReceipt) return;
    this.full.push(receipt);
    this.byAgent.delete(key);
  }

  all(): ReceiptBody[] {
    return [...this.full, ...this.byAgent.values()];
  }
}
