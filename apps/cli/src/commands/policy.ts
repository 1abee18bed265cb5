import type { Command } from 'commander';
import type { Context } from '../context.js';
import { paint } from '../render/style.js';
import { fields, shortTime, table } from '../render/table.js';
import { instant } from '../times.js';
import type { CommandAnswer } from '../views.js';

interface ExceptionView {
  id: string;
  rule: string;
  scope: { [kind: string]: string | null };
  reason: string;
  until: string;
  holds: boolean;
}

interface PolicyView {
  digest: string;
  adopted: boolean;
  policy: { [section: string]: { [field: string]: unknown } };
  exceptions: ExceptionView[];
}

interface GrantOptions {
  product?: string;
  version?: string;
  node?: string;
  rollout?: string;
  reason: string;
  until: string;
}

export function policyCommands(program: Command, context: () => Context): void {
  const policy = program.command('policy').description('what is allowed here, and the exceptions from it');

  policy
    .command('show')
    .description('the policy in force and the exceptions from it; it is set by policy.yaml in the catalogue')
    .action(async () => {
      const { api, out } = context();
      const view = await api.get<PolicyView>('/v1/policy');
      out.object(view);
      out.text(render(view));
    });

  policy
    .command('except')
    .argument('<rule>', 'rule of the policy, like targets.endOfLife')
    .option('--product <id>', 'for this product')
    .option('--version <version>', 'for this version')
    .option('--node <id>', 'for this node')
    .option('--rollout <id>', 'for this rollout')
    .requiredOption('--reason <text>', 'why; it is kept on record')
    .requiredOption('--until <time>', 'when it ends, like 2026-02-01 or 2026-02-01T12:00:00Z')
    .description('lets pass, until a time, what the rule would refuse')
    .action(async (rule: string, { until, ...rest }: GrantOptions) => {
      const { api, out } = context();
      const { product, version, node, rollout, reason } = rest;
      const answer = await api.post<CommandAnswer & { exception: string }>('/v1/policy/exceptions', { rule, product, version, node, rollout, reason, until: instant(until) });
      out.object(answer);
      out.text(`Exception ${answer.exception} from ${rule} holds until ${shortTime(instant(until))}.`);
    });

  policy
    .command('withdraw')
    .argument('<id>', 'the exception')
    .requiredOption('--reason <text>', 'why; it is kept on record')
    .description('ends an exception before its time')
    .action(async (id: string, { reason }: { reason: string }) => {
      const { api, out } = context();
      const answer = await api.post<CommandAnswer>(`/v1/policy/exceptions/${encodeURIComponent(id)}/withdraw`, { reason });
      out.object({ exception: id, ...answer });
      out.text(`Exception ${id} is withdrawn.`);
    });
}

function render({ digest, adopted, policy, exceptions }: PolicyView): string {
  const rules = Object.entries(policy).flatMap(([section, of]) => Object.entries(of).map(([field, value]) => [`${section}.${field}`, typeof value === 'string' ? value : JSON.stringify(value)] as const));
  const head = fields([['policy', `${digest}${adopted ? '' : ' (the default: none was adopted)'}`], ...rules]);
  if (exceptions.length === 0) return `${head}\n\nThere are no exceptions.`;
  const scope = (one: ExceptionView) => Object.entries(one.scope).filter(([, name]) => name !== null).map(([kind, name]) => `${kind} ${name}`).join(', ');
  const rows = exceptions.map((one) => [one.id, one.rule, scope(one), one.holds ? shortTime(one.until) : paint('dim', `ended ${shortTime(one.until)}`), one.reason]);
  return `${head}\n\n${table(['EXCEPTION', 'FROM', 'FOR', 'UNTIL', 'REASON'], rows)}`;
}
