import type { KeyObject } from 'node:crypto';
import { sealReport } from '#messaging';
import type { AgentChannel, OrderBody, ReceiptBody, ReportBody } from '#messaging';
import type { Clock, Logger } from '#platform';
import type { AgentMemory, Unsent } from '../journal/memory.js';
import type { StepResult } from '../steps/step.js';
import type { EvidenceFolder } from './evidence.js';

export interface ReporterOptions {
  site: string;
  agent: string;
  key: KeyObject;
  keyId: string;
  memory: AgentMemory;
  evidence: EvidenceFolder;
  channel: Pick<AgentChannel, 'send'>;
  clock: Clock;
  logger: Logger;
  /** A report without a receipt is sent again after this time, in milliseconds. */
  resendMs?: number;
}

const resendMs = 10_000;
const batchMax = 200;
const firstPauseMs = 200;
const longestPauseMs = 5_000;

/** Makes reports and sends each until the service has taken it or refused it for good. */
export class Reporter {
  private readonly sentAt = new Map<number, number>();
  private readonly stopping = new AbortController();
  private wanted = false;
  private wakeUp: () => void = () => undefined;
  private loop: Promise<void> | undefined;

  constructor(private readonly options: ReporterOptions) {}

  start(): void {
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.loop;
  }

  /** There is something new to send. */
  wake(): void {
    this.wanted = true;
    this.wakeUp();
  }

  accepted(order: OrderBody): Unsent {
    return this.report({ kind: 'accepted', node: order.node, at: this.options.clock.now(), order: order.order, epoch: order.epoch });
  }

  refused(order: OrderBody, reason: string, at: string): Unsent {
    const report = { outcome: 'refused' as const, reason, startedAt: null, finishedAt: at, exit: null, facts: {}, output: null, found: false };
    return this.report({ kind: 'finished', node: order.node, at, order: order.order, epoch: order.epoch, report });
  }

  /** The evidence is on the disk before the report that names it. */
  async finished(order: OrderBody, result: StepResult): Promise<Unsent> {
    const { evidence, truncated, ...rest } = result;
    const sha256 = evidence && (await this.options.evidence.keep(evidence));
    const output = evidence && sha256 ? { sha256, bytes: evidence.length, truncated } : null;
    const body = { kind: 'finished' as const, node: order.node, at: result.finishedAt, order: order.order, epoch: order.epoch, report: { ...rest, output } };
    return this.report(body, sha256 ? [sha256] : []);
  }

  /** Tells of a node as it is; resolves when the report is durable. */
  async tell(body: Pick<ReportBody, 'kind' | 'node' | 'product' | 'labels' | 'version' | 'health'>): Promise<void> {
    await this.options.memory.report(this.report({ ...body, at: this.options.clock.now() }));
    this.wake();
  }

  receipt(receipt: ReceiptBody): Promise<void> {
    const { memory, evidence, logger } = this.options;
    if (receipt.incarnation !== memory.incarnation) return Promise.resolve();
    for (const { sequence, code } of receipt.refused) logger.warn('the service refused a report', { sequence, code });
    const dealtWith = new Set([...receipt.taken, ...receipt.refused.map((one) => one.sequence)]);
    const gone = memory.reports().filter((one) => dealtWith.has(one.body.sequence));
    memory.taken([...dealtWith]);
    for (const sequence of dealtWith) this.sentAt.delete(sequence);
    const stillNamed = new Set(memory.reports().flatMap((one) => one.evidence));
    for (const sha256 of gone.flatMap((one) => one.evidence)) if (!stillNamed.has(sha256)) evidence.drop(sha256);
    return Promise.resolve();
  }

  private report(body: Omit<ReportBody, 'site' | 'agent' | 'incarnation' | 'sequence'>, evidence: string[] = []): Unsent {
    const { site, agent, memory } = this.options;
    return { body: { ...body, site, agent, incarnation: memory.incarnation, sequence: memory.nextSequence() }, evidence };
  }

  private async run(): Promise<void> {
    for (let pauseMs = firstPauseMs; !this.stopping.signal.aborted; ) {
      this.wanted = false;
      try {
        await this.sendDue();
        pauseMs = firstPauseMs;
        if (!this.wanted) await this.sleep(1_000, true);
      } catch (error) {
        if (!this.stopping.signal.aborted) this.options.logger.warn('reports could not be sent', { error });
        await this.sleep(pauseMs, false);
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      }
    }
  }

  private async sendDue(): Promise<void> {
    const { memory, channel, clock } = this.options;
    const now = clock.millis();
    const due = memory.reports().filter(({ body }) => now - (this.sentAt.get(body.sequence) ?? -Infinity) >= (this.options.resendMs ?? resendMs));
    for (let i = 0; i < due.length; i += batchMax) {
      const batch = due.slice(i, i + batchMax);
      await channel.send(batch.map((one) => ({ node: one.body.node, bytes: this.seal(one) })));
      for (const { body } of batch) this.sentAt.set(body.sequence, clock.millis());
    }
  }

  private seal({ body, evidence }: Unsent): Buffer {
    const { key, keyId } = this.options;
    return sealReport(body, evidence.map((sha256) => this.options.evidence.read(sha256)), key, keyId);
  }

  private sleep(ms: number, wakeable: boolean): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      const { signal } = this.stopping;
      function done() {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
      signal.addEventListener('abort', done);
      this.wakeUp = wakeable ? done : () => undefined;
    });
  }
}
