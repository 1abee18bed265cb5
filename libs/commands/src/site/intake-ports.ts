import type { CommandBus } from '@nestjs/cqrs';
import type { EnrolledAgent } from '#domain';
import { EnvelopeTooLarge, isUnavailable } from '#ledger';
import { idFrom } from '#platform';
import type { Clock, Logger } from '#platform';
import type { Book } from '../book/book.js';
import type { Outcome } from '../book/outcome.js';
import { TakeReport, reportMeta } from '../node/take-report.js';
import type { CheckedReport } from '../node/take-report.js';
import { RefuseMessage } from './refuse-message.js';

/** Refused messages that are recorded for a site in a minute; a flood of rubbish must not fill the ledger. */
const refusalsPerMinute = 60;

/** What an intake of reports needs of the service, over the command bus; the same behind a broker and behind the pull door. */
export function intakePorts(options: { bus: CommandBus; book: Book; clock: Clock; logger: Logger }) {
  const { bus, book, clock, logger } = options;
  const refused = new Map<string, { minute: number; count: number }>();
  return {
    async agentsOf(site: string): Promise<EnrolledAgent[]> {
      const { state } = await book.site(site);
      return [...state.agents.values()];
    },
    async record(report: { body: ReportedBody; evidence: readonly Buffer[] }): Promise<'taken' | 'later' | { refused: string }> {
      try {
        const { body, evidence } = report;
        const outcome: Outcome = await bus.execute(isRefusal(body) ? refusalBy(body) : new TakeReport(body as CheckedReport, evidence));
        return outcome.ok ? 'taken' : { refused: outcome.refusal.code };
      } catch (error) {
        if (isUnavailable(error)) throw error;
        // One report that breaks our own rules must not hold up those behind it.
        logger.error('a report could not be recorded', { error, agent: report.body.agent, sequence: report.body.sequence });
        return canNeverBeStored(error) ? { refused: 'report-invalid' } : 'later';
      }
    },
    async refuse(message: { site: string; agent: string | null; reason: string; sha256: string; bytes: number }): Promise<void> {
      const { site, agent, reason, sha256, bytes } = message;
      logger.warn('a message was refused', { ...message });
      const minute = Math.floor(clock.millis() / 60_000);
      const before = refused.get(site);
      const count = before?.minute === minute ? before.count + 1 : 1;
      refused.set(site, { minute, count });
      if (count > refusalsPerMinute) return;
      // The same bad message delivered again is recorded once a minute at most.
      const meta = { command: idFrom('refused', site, sha256, String(minute)), actor: { kind: 'service' as const, ref: 'receiver' } };
      await bus.execute(new RefuseMessage(meta, site, agent, reason, sha256, bytes));
    },
  };
}

/** An agent's word that a message on the way to it was not to be trusted, or could not be read. */
type ReportedRefusal = ReportedBody & { message: { reason: string; sha256: string; bytes: number } };

/** A report as it comes: its shape has been checked, and with it that a kind has the fields that it must have. */
type ReportedBody = Omit<CheckedReport, 'kind' | 'node'> & {
  kind: CheckedReport['kind'] | 'refused';
  node?: string;
  message?: { reason: string; sha256: string; bytes: number };
};

function isRefusal(body: ReportedBody): body is ReportedRefusal {
  return body.kind === 'refused' && body.message !== undefined;
}

function refusalBy({ site, agent, incarnation, sequence, at, message: { reason, sha256, bytes } }: ReportedRefusal): RefuseMessage {
  return new RefuseMessage({ ...reportMeta({ site, agent, incarnation, sequence }), at }, site, null, reason, sha256, bytes);
}

/** What the ledger cannot hold now it cannot hold later: its agent must not send it for ever. */
function canNeverBeStored(error: unknown): boolean {
  return error instanceof EnvelopeTooLarge || (error instanceof Error && error.name === 'NotCanonical');
}
