import type { Command } from 'commander';
import { exitCodes } from '#platform';
import type { Context } from '../context.js';
import { selectorHelp } from './nodes.js';
import { renderPlan, renderStatus } from '../render/rollout.js';
import { paintState } from '../render/style.js';
import { shortTime, table } from '../render/table.js';
import { statusOf } from '../rollout-status.js';
import { gateCommands } from './gates.js';
import { canaryOptions, strategyOf, reading, strategyOptions, whole } from './strategy-options.js';
import type { StrategyOptions } from './strategy-options.js';
import type { CommandAnswer, PlanAnswer, RolloutView } from '../views.js';
import { watchRollout } from '../watch/watch.js';

interface PlanOptions extends StrategyOptions {
  product: string;
  to: string;
  nodes: string;
  method?: string;
  dryRun?: boolean;
  idempotencyKey?: string;
}

/** As shells have it for a program that was ended by Ctrl-C. */
const interrupted = 130;
const pathOf = (id: string) => `/v1/rollouts/${encodeURIComponent(id)}`;

export function rolloutCommands(program: Command, context: () => Context): void {
  const rollout = program.command('rollout').description('plan upgrades over many nodes and see them through');
  planCommand(rollout, context);
  watchCommands(rollout, context);
  actionCommand(rollout, context, { name: 'pause', does: 'takes no more nodes until resumed', says: 'paused', reason: true });
  actionCommand(rollout, context, { name: 'resume', does: 'goes on with a paused rollout', says: 'resumed', reason: false });
  actionCommand(rollout, context, { name: 'abort', does: 'ends a rollout; nodes under way go back if they were changed', says: 'is being aborted', reason: true });
  rollbackCommand(rollout, context);
  gateCommands(rollout, context);
  readCommands(rollout, context);
}

function planCommand(rollout: Command, context: () => Context): void {
  const command = rollout.command('plan').description('fixes what a rollout will do; nothing happens on a node before it is started');
  canaryOptions(strategyOptions(command, true))
    .requiredOption('--product <id>', 'product to upgrade')
    .requiredOption('--to <version>', 'release to come to')
    .requiredOption('--nodes <selector>', selectorHelp)
    .option('--method <name>', 'how releases are put in place; else as suits each node best')
    .option('--dry-run', 'only shows the plan; nothing is recorded')
    .option('--idempotency-key <key>', 'repeating the command under its key plans no second rollout')
    .action(async (options: PlanOptions) => {
      const { api, out } = context();
      const { product, to, nodes, method, dryRun = false, idempotencyKey } = options;
      const wish = { product, to, nodes, strategy: strategyOf(options), dryRun, ...(method === undefined ? {} : { method }) };
      const answer = await api.post<PlanAnswer>('/v1/rollouts', wish, idempotencyKey === undefined ? {} : { key: idempotencyKey });
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
  process.once('SIGINT', () => {
    out.note(`\nThe rollout goes on. Watch it again with: rollbook rollout watch ${id}`);
    process.exit(interrupted);
  });
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

function rollbackCommand(rollout: Command, context: () => Context): void {
  rollout
    .command('rollback')
    .argument('<id>', 'the rollout')
    .description('takes the nodes of an ended rollout back, wave by wave from the last')
    .option('--nodes <selector>', 'only these of its nodes')
    .addOption(reading('--wave <n>', 'only the nodes of this wave', whole))
    .requiredOption('--reason <text>', 'why; it is kept on record')
    .action(async (id: string, { reason, nodes, wave }: { reason: string; nodes?: string; wave?: number }) => {
      const { api, out } = context();
      const answer = await api.post<CommandAnswer>(`${pathOf(id)}/rollback`, { reason, ...(nodes === undefined ? {} : { nodes }), ...(wave === undefined ? {} : { wave }) });
      out.object({ rollout: id, ...answer });
      out.text(`Rollout ${id} is being rolled back.`);
    });
}

function readCommands(rollout: Command, context: () => Context): void {
  rollout
    .command('status')
    .argument('<id>', 'the rollout')
    .description('where a rollout stands, node by node')
    .action(async (id: string) => {
      const { api, out } = context();
      const { status, members, gates } = await statusOf(api, id);
      out.object({ ...status, nodes: members, gates });
      out.text(renderStatus(status, members, gates));
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
