import type { Command } from 'commander';
import type { Context } from '../context.js';
import { renderPlan } from '../render/rollout.js';
import type { AmendAnswer, CommandAnswer } from '../views.js';
import { strategyOf, reading, strategyOptions, whole } from './strategy-options.js';
import type { StrategyOptions } from './strategy-options.js';

const pathOf = (id: string) => `/v1/rollouts/${encodeURIComponent(id)}`;

/** What people do to a rollout while it goes through its waves. */
export function gateCommands(rollout: Command, context: () => Context): void {
  decideCommand(rollout, context, { name: 'approve-gate', does: 'lets a rollout pass a gate that waits for a person, or that holds', says: 'passes its gate' });
  decideCommand(rollout, context, { name: 'reject-gate', does: 'takes a rollout back from a gate', says: 'goes back from its gate' });
  amendCommand(rollout, context);
}

function decideCommand(rollout: Command, context: () => Context, action: { name: string; does: string; says: string }): void {
  rollout
    .command(action.name)
    .argument('<id>', 'the rollout')
    .description(action.does)
    .addOption(reading('--gate <n>', 'its number in the status; not needed where one gate waits', whole))
    .requiredOption('--reason <text>', 'why; it is kept on record')
    .action(async (id: string, { gate, reason }: { gate?: number; reason: string }) => {
      const { api, out } = context();
      const answer = await api.post<CommandAnswer>(`${pathOf(id)}/${action.name}`, { reason, ...(gate === undefined ? {} : { gate }) });
      out.object({ rollout: id, ...answer });
      out.text(`Rollout ${id} ${action.says}.`);
    });
}

interface AmendOptions extends StrategyOptions {
  nodes?: string;
  reason: string;
  dryRun?: boolean;
}

function amendCommand(rollout: Command, context: () => Context): void {
  const command = rollout.command('amend').argument('<id>', 'the rollout').description('makes a new generation of its plan, for the nodes that still wait');
  strategyOptions(command, false)
    .option('--nodes <selector>', 'of the nodes that still wait, those that stay')
    .requiredOption('--reason <text>', 'why; it is kept on record')
    .option('--dry-run', 'only shows the plan; nothing is recorded')
    .action(async (id: string, options: AmendOptions) => {
      const { api, out } = context();
      const { nodes, reason, dryRun = false } = options;
      const answer = await api.post<AmendAnswer>(`${pathOf(id)}/amend`, { strategy: strategyOf(options), reason, dryRun, ...(nodes === undefined ? {} : { nodes }) });
      out.object(answer);
      out.text(renderPlan({ ...answer, alreadyThere: [] }, `Rollout ${id} goes on under generation ${answer.generation} of its plan`));
    });
}
