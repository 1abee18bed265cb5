import type { Command } from 'commander';
import { exitCodes, pause } from '#platform';
import type { Context } from '../context.js';
import { usage } from '../exit.js';
import { historyLine, isTold } from '../render/history.js';
import { paint, paintState } from '../render/style.js';
import { fields, shortTime, table } from '../render/table.js';
import type { CommandAnswer, HistoryView, ReviewView } from '../views.js';

interface Decision {
  accept?: boolean;
  reject?: boolean;
  reason?: string;
}

const nodePath = (id: string) => `/v1/nodes/${encodeURIComponent(id)}`;

/** What people decide and do at single nodes. */
export function careCommands(node: Command, context: () => Context): void {
  node
    .command('review')
    .argument('[id]', 'name of the node; without it, everything that waits for a person')
    .option('--accept', 'what it showed is right; the node goes on')
    .option('--reject', 'it is not; the passage ends, and the node goes back if it was changed')
    .option('--reason <text>', 'why; asked for when it is rejected')
    .description('shows what a node waits for a person with, and takes the decision')
    .action(async (id: string | undefined, decision: Decision) => {
      const { accept = false, reject = false, reason } = decision;
      if (accept && reject) throw usage('say either --accept or --reject');
      if (reject && reason === undefined) throw usage('--reject needs --reason');
      if (id === undefined && (accept || reject)) throw usage('say which node');
      if (id === undefined) return listReviews(context());
      if (accept || reject) return decide(context(), id, { accept, reason: reason ?? null });
      return showReview(context(), id);
    });

  node
    .command('do')
    .argument('<id>', 'name of the node')
    .argument('<procedure>', 'a procedure of its product, or downgrade; `rollbook product show` lists them')
    .option('--to <version>', 'release to end at')
    .option('--watch', 'follows it to its end')
    .description('carries out a procedure on one node, outside any rollout')
    .action(async (id: string, procedure: string, { to, watch = false }: { to?: string; watch?: boolean }) => {
      const { api, out } = context();
      const answer = await api.post<CommandAnswer & { id: string }>(`${nodePath(id)}/procedures`, { procedure, ...(to === undefined ? {} : { to }) });
      out.object({ node: id, procedure, ...answer });
      if (!watch) return out.text(`Procedure ${answer.id} is begun on ${id}. See how it goes with: rollbook node history ${id}`);
      process.exitCode = await follow(context(), answer.id, answer.position);
    });
}

async function listReviews({ api, out }: Context): Promise<void> {
  const reviews = await api.list<ReviewView>('/v1/reviews?state=pending');
  for (const one of reviews) out.object(one);
  if (reviews.length === 0) return out.text('Nothing waits for a person.');
  out.text(table(['NODE', 'FOR', 'DECIDE BY', 'WHAT'], reviews.map((one) => [one.node, one.rollout, shortTime(one.decideBy), one.title])));
  out.text(`\nSee what it shows with: rollbook node review NODE`);
}

async function showReview({ api, out }: Context, id: string): Promise<void> {
  const one = await api.get<ReviewView>(`${nodePath(id)}/review`);
  const shown = (await api.bytes(`/v1/evidence/${one.evidence.sha256}`)).toString('utf8');
  out.object({ ...one, shown });
  const decided = one.decidedAt === null ? [] : [['decided', `${shortTime(one.decidedAt)} by ${one.decidedBy}`] as const];
  out.text(fields([
    ['node', one.node], ['what', one.title], ['for', `${one.rollout} (${one.phase})`], ['state', paintState(one.state)],
    ['asked', shortTime(one.askedAt)], ['decide by', `${shortTime(one.decideBy)}, or it counts as rejected`], ...decided, ['reason', one.reason ?? '-'],
    ['evidence', `SHA-256 ${one.evidence.sha256}${one.evidence.truncated ? ', NOT WHOLE: the agent kept less than there was' : ''}`],
  ]));
  out.text(`\n${coloured(shown)}`);
  if (one.state === 'pending') out.text(`Decide with: rollbook node review ${id} --accept, or --reject --reason "..."`);
}

/** As people know differences. */
function coloured(text: string): string {
  const colour = (line: string) => (line.startsWith('+') ? 'green' : line.startsWith('-') && !line.startsWith('--- ') ? 'red' : undefined);
  return text.split('\n').map((line) => (colour(line) === undefined ? line : paint(colour(line)!, line))).join('\n');
}

async function decide({ api, out }: Context, id: string, decision: { accept: boolean; reason: string | null }): Promise<void> {
  const { order } = await api.get<ReviewView>(`${nodePath(id)}/review`);
  const answer = await api.post<CommandAnswer>(`${nodePath(id)}/reviews/${encodeURIComponent(order)}`, decision);
  out.object({ node: id, order, ...answer });
  out.text(decision.accept ? `Accepted: ${id} goes on.` : `Rejected: ${id} does not go on.`);
}

/** A line for each thing that happens, to the end; survives a restart of the service. */
async function follow({ api, out }: Context, id: string, position: number): Promise<number> {
  const never = new AbortController().signal;
  // Its start and its first order were written together.
  for (let after = Math.max(0, position - 2); ; await pause(500)) {
    try {
      for await (const event of api.events(after, id, never)) {
        const entry = event as unknown as HistoryView;
        after = event._ledger.position;
        if (entry.data['rollout'] !== id) continue;
        out.object(event);
        if (isTold(entry)) out.text(historyLine(entry));
        if (entry.type === 'procedure.completed') return exitCodes.done;
        if (entry.type === 'procedure.failed') return exitCodes.rolloutNotSucceeded;
      }
    } catch (error) {
      out.note(`The service is away (${error instanceof Error ? error.message : String(error)}); trying again.`);
    }
  }
}
