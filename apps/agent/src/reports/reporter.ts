import type { KeyObject } from 'node:crypto';
import { sealReport, subjectOf } from '#messaging';
import type { AgentChannel, OrderBody, ReceiptBody, ReportBody, StepReportBody } from '#messaging';
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
  /** Told of every report as it is made. */
  onReport?: (body: ReportBody) => void;
  /** A report without a receipt is sent again after this time, in milliseconds. */
  resendMs?: number;
}

/** How an order ended: as its step did, or refused. */
export type OrderResult = Omit<StepResult, 'outcome'> & { outcome: StepReportBody['outcome'] };

/** The same with its evidence on the disk. */
export interface Kept {
  report: StepReportBody;
  files: string[];
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

  /** A message that was not believed: nobody to answer to, but the service is to know. */
  distrusted(message: NonNullable<ReportBody['message']>): Unsent {
    return this.report({ kind: 'refused', at: this.options.clock.now(), message });
  }

  /** Puts what a step said on the disk, before the report that names it is made. */
  async keep({ evidence, truncated, ...rest }: OrderResult): Promise<Kept> {
    if (evidence === undefined) return { report: { ...rest, output: null }, files: [] };
    const { sha256, file } = await this.options.evidence.keep(evidence);
    return { report: { ...rest, output: { sha256, bytes: evidence.length, truncated } }, files: [file] };
  }

  finished(order: OrderBody, { report, files }: Kept): Unsent {
    return this.report({ kind: 'finished', node: order.node, at: report.finishedAt, order: order.order, epoch: order.epoch, report }, files);
  }

  /** Tells of a node as it is; resolves when the report is durable. */
  async tell(body: Pick<ReportBody, 'kind' | 'node' | 'product' | 'labels' | 'version' | 'health' | 'metrics'>): Promise<void> {
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
    for (const file of gone.flatMap((one) => one.evidence)) evidence.drop(file);
    return Promise.resolve();
  }

  private report(body: Omit<ReportBody, 'site' | 'agent' | 'incarnation' | 'sequence'>, evidence: string[] = []): Unsent {
    const { site, agent, memory, onReport } = this.options;
    const whole = { ...body, site, agent, incarnation: memory.incarnation, sequence: memory.nextSequence() };
    onReport?.(whole);
    return { body: whole, evidence };
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
    const due = memory.reports().filter(({ body }) => this.isDue(body.sequence, clock.millis()));
    for (let i = 0; i < due.length; i += batchMax) {
      const batch = due.slice(i, i + batchMax).flatMap((one) => this.sealed(one));
      await channel.send(batch.map(({ node, bytes }) => ({ node, bytes })));
      for (const { sequence } of batch) this.sentAt.set(sequence, clock.millis());
    }
  }

  private isDue(sequence: number, now: number): boolean {
    const waited = now - (this.sentAt.get(sequence) ?? -Infinity);
    // A clock that was set back must not keep a report here until it has caught up.
    return waited < 0 || waited >= (this.options.resendMs ?? resendMs);
  }

  /** Nothing for a report that cannot be read now: it must not hold up the others. */
  private sealed({ body, evidence }: Unsent): { sequence: number; node: string; bytes: Buffer }[] {
    const { key, keyId, evidence: folder, logger } = this.options;
    const [sequence, node] = [body.sequence, subjectOf(body)];
    try {
      const blobs = evidence.map((file) => folder.read(file));
      const whole = blobs.filter((blob) => blob !== undefined);
      if (whole.length === blobs.length) return [{ sequence, node, bytes: sealReport(body, whole, key, keyId) }];
      logger.error('the evidence of a report is lost; it goes without', { sequence, order: body.order });
      const { report } = body;
      return [{ sequence, node, bytes: sealReport({ ...body, ...(report ? { report: { ...report, output: null } } : {}) }, [], key, keyId) }];
    } catch (error) {
      logger.error('a report could not be made ready to send', { sequence, error });
      return [];
    }
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
