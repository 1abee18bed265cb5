import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { nodeDecider, refuse, streamOf } from '#domain';
import type { Health, NodeCommand, StepReport } from '#domain';
import { sha256Hex } from '#ledger';
import type { BlobStore } from '#ledger';
import { idFrom } from '#platform';
import { Book } from '../book/book.js';
import { Blobs } from '../book/tokens.js';
import { withCause } from '../book/outcome.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** A report whose signature, site and shape have been checked at the door. */
export interface CheckedReport {
  kind: 'announced' | 'observed' | 'accepted' | 'finished';
  site: string;
  agent: string;
  incarnation: string;
  sequence: number;
  node: string;
  at: string;
  product?: string;
  labels?: { [name: string]: string };
  version?: string | null;
  health?: Health;
  metrics?: { [metric: string]: number };
  order?: string;
  report?: StepReport;
}

/** Who says it, and the id by which it counts once. */
export function reportMeta({ site, agent, incarnation, sequence }: Pick<CheckedReport, 'site' | 'agent' | 'incarnation' | 'sequence'>): Meta {
  const ref = `${site}/${agent}`;
  return { command: idFrom('report', ref, incarnation, String(sequence)), actor: { kind: 'agent', ref } };
}

/** Records what an agent says of a node. The evidence is stored before the event that names it. */
export class TakeReport extends Command<Outcome> {
  constructor(
    readonly report: CheckedReport,
    readonly evidence: readonly Buffer[],
  ) {
    super();
  }
}

@CommandHandler(TakeReport)
export class TakeReportHandler implements ICommandHandler<TakeReport> {
  constructor(
    private readonly book: Book,
    @Blobs private readonly blobs: BlobStore,
  ) {}

  async execute({ report, evidence }: TakeReport): Promise<Outcome> {
    const { site, agent, incarnation, sequence, node, at } = report;
    const known = await this.book.node(node);
    const { state } = known;
    if (state.status === 'registered' && state.site !== site) return { ok: false, ...refuse('node-elsewhere', { node, site: state.site }) };
    const { order } = report;
    const cause = order === undefined ? undefined : await this.book.orderOf(node, order, known);
    if (order !== undefined && !cause && state.status === 'registered') return { ok: false, ...refuse('order-unknown', { node, order }) };
    for (const bytes of evidence) await this.blobs.put(bytes);
    const meta: Meta = { ...reportMeta({ site, agent, incarnation, sequence }), at };
    return this.book.act({
      stream: streamOf.node(node), decider: nodeDecider, commands: () => commandsOf(report),
      meta: withCause(meta, cause), asked: { ...report, evidence: evidence.map((bytes) => sha256Hex(bytes)) },
    });
  }
}

function commandsOf(report: CheckedReport): NodeCommand[] {
  const { kind, site, agent, node, at } = report;
  switch (kind) {
    case 'announced':
      return [
        { type: 'register-node', node, site, product: report.product!, labels: report.labels! },
        { type: 'observe-node', node, version: report.version ?? null, health: report.health!, source: 'announcement' },
      ];
    case 'observed':
      return [{ type: 'observe-node', node, version: report.version ?? null, health: report.health!, source: 'schedule', ...(report.metrics ? { metrics: report.metrics } : {}) }];
    case 'accepted':
      return [{ type: 'record-acceptance', node, order: report.order!, agent, acceptedAt: at }];
    case 'finished':
      return [{ type: 'record-report', node, order: report.order!, agent, report: report.report! }];
  }
}
