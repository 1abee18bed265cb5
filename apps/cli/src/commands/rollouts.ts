import { Option } from 'commander';
import type { Command } from 'commander';
import { exitCodes } from '#platform';
import type { Context } from '../context.js';
import { usage } from '../exit.js';
import { renderPlan, renderStatus } from '../render/rollout.js';
import { paintState } from '../render/style.js';
import { shortTime, table } from '../render/table.js';
import { statusOf } from '../rollout-status.js';
import type { CommandAnswer, PlanAnswer, RolloutView } from '../views.js';
import { watchRollout } from '../watch/watch.js';

interface PlanOptions {
  product: string;
  to: string;
  nodes: string;
  maxUnavailable: number;
  failureLimit: number;
  acceptSeconds?: number;
  method?: string;
  dryRun?: boolean;
  idempotencyKey?: string;
}

const pathOf = (id: string) => `/v1/rollouts/${encodeURIComponent(id)}`;
const whole = (text: string) => {
  if (!/^\d{1,9}$/.test(text)) throw usage(`${text} is not a whole number`);
  return Number(text);
};

export function rolloutCommands(program: Command, context: () => Context): void {
  const rollout = program.command('rollout').description('plan upgrades over many nodes and see them through');
  planCommand(rollout, context);
  watchCommands(rollout, context);
  actionCommand(rollout, context, { name: 'pause', does: 'takes no more nodes until resumed', says: 'paused', reason: true });
  actionCommand(rollout, context, { name: 'resume', does: 'goes on with a paused rollout', says: 'resumed', reason: false });
  actionCommand(rollout, context, { name: 'abort', does: 'ends a rollout; nodes under way go back if they were changed', says: 'is being aborted', reason: true });
  actionCommand(rollout, context, { name: 'rollback', does: 'takes the nodes of an ended rollout back', says: 'is being rolled back', reason: true });
  readCommands(rollout, context);
}

function planCommand(rollout: Command, context: () => Context): void {
  rollout
    .command('plan')
    .description('fixes what a rollout will do; nothing happens on a node before it is started')
    .requiredOption('--product <id>', 'product to upgrade')
    .requiredOption('--to <version>', 'release to come to')
    .requiredOption('--nodes <selector>', 'all, a name, web-*, site=S, version=V, label.NAME=VALUE; separated by commas')
    .addOption(new Option('--max-unavailable <n>', 'nodes that may be away at the same time').default(1).argParser(whole))
    .addOption(new Option('--failure-limit <n>', 'nodes that may fail before the rollout stops').default(0).argParser(whole))
    .addOption(new Option('--accept-seconds <n>', 'for an agent to take an order').argParser(whole))
    .option('--method <name>', 'how releases are put in place; else as suits each node best')
    .option('--dry-run', 'only shows the plan; nothing is recorded')
    .option('--idempotency-key <key>', 'repeating the command under its key plans no second rollout')
    .action(async (options: PlanOptions) => {
      const { api, out } = context();
      const { product, to, nodes, maxUnavailable, failureLimit, acceptSeconds, method, dryRun = false, idempotencyKey } = options;
      const strategy = { maxUnavailable, failureLimit, ...(acceptSeconds === undefined ? {} : { acceptSeconds }) };
      const answer = await api.post<PlanAnswer>('/v1/rollouts', { product, to, nodes, strategy, dryRun, ...(method === undefined ? {} : { method }) }, idempotencyKey === undefined ? {} : { key: idempotencyKey });
      out.object(answer);
      out.text(renderPlan(answer));
      if (!dryRun) out.text(`\nStart it with: rollbook rollout start ${answer.rollout} --watch`);
    });
}

function watchCommands(rollout: Command, context: () => Context): void {
  rollout
    .command('start')
    .argument('<id>', 'the rollout')
    .option('--digest <sha256>', 'digest of the plan that was read; another plan is refused')
    .option('--watch', 'follows it to its end')
    .description('starts a planned rollout')
    .action(async (id: string, { digest, watch = false }: { digest?: string; watch?: boolean }) => {
      const { api, out } = context();
      const answer = await api.post<CommandAnswer>(`${pathOf(id)}/start`, digest === undefined ? {} : { digest });
      out.object({ rollout: id, ...answer });
      if (!watch) return out.text(`Rollout ${id} is started. Follow it with: rollbook rollout watch ${id}`);
      process.exitCode = await follow(context(), id, answer.position);
    });

  rollout
    .command('watch')
    .argument('<id>', 'the rollout')
    .description('a live line for each node, to the end; follows into a rollback')
    .action(async (id: string) => {
      process.exitCode = await follow(context(), id);
    });
}

async function follow({ api, out }: Context, id: string, position?: number): Promise<number> {
  const end = await watchRollout({ api, out, rollout: id, position });
  return end.state === 'succeeded' ? exitCodes.done : exitCodes.rolloutNotSucceeded;
}

function actionCommand(rollout: Command, context: () => Context, action: { name: string; does: string; says: string; reason: boolean }): void {
  const command = rollout.command(action.name).argument('<id>', 'the rollout').description(action.does);
  if (action.reason) command.requiredOption('--reason <text>', 'why; it is kept on record');
  command.action(async (id: string, { reason }: { reason?: string }) => {
    const { api, out } = context();
    const answer = await api.post<CommandAnswer>(`${pathOf(id)}/${action.name}`, reason === undefined ? {} : { reason });
    out.object({ rollout: id, ...answer });
    out.text(`Rollout ${id} ${action.says}.`);
  });
}

function readCommands(rollout: Command, context: () => Context): void {
  rollout
    .command('status')
    .argument('<id>', 'the rollout')
    .description('where a rollout stands, node by node')
    .action(async (id: string) => {
      const { api, out } = context();
      const { status, members } = await statusOf(api, id);
      out.object({ ...status, nodes: members });
      out.text(renderStatus(status, members));
    });

  rollout
    .command('list')
    .description('rollouts, the newest first')
    .action(async () => {
      const { api, out } = context();
      const rollouts = await api.list<RolloutView>('/v1/rollouts');
      for (const one of rollouts) out.object(one);
      if (rollouts.length === 0) return out.text('No rollout was planned yet. Plan one with: rollbook rollout plan --help');
      out.text(table(['ROLLOUT', 'PRODUCT', 'TO', 'STATE', 'NODES', 'UPGRADED', 'PLANNED', 'REASON'], rollouts.map(row)));
    });
}

function row(one: RolloutView): string[] {
  return [one.rollout, one.product, one.to, paintState(one.state), String(one.size), String(one.tally['upgraded'] ?? 0), shortTime(one.plannedAt), one.reason ?? '-'];
}
