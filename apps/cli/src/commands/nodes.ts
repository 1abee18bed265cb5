import type { Command } from 'commander';
import type { Context } from '../context.js';
import { historyLine, isTold } from '../render/history.js';
import { paint, paintState } from '../render/style.js';
import { fields, shortTime, table } from '../render/table.js';
import { careCommands } from './care.js';
import type { HistoryView, NodeView } from '../views.js';

export function nodeCommands(program: Command, context: () => Context): void {
  const node = program.command('node').description('nodes and what they run');
  careCommands(node, context);

  node
    .command('list')
    .description('every node: version, health, state')
    .option('--nodes <selector>', 'all, a name, web-*, site=S, version=V, state=S, label.NAME=VALUE; separated by commas', 'all')
    .action(async ({ nodes: selector }: { nodes: string }) => {
      const { api, out } = context();
      const nodes = await api.list<NodeView>(`/v1/nodes?selector=${encodeURIComponent(selector)}`, (since) => out.note(incomplete(since)));
      for (const one of nodes) out.object(one);
      if (nodes.length === 0) return out.text('No node is known. Agents announce their nodes when they start.');
      out.text(table(['NODE', 'PRODUCT', 'VERSION', 'HEALTH', 'STATE', 'SINCE', 'SITE', 'LABELS'], nodes.map(row)));
    });

  node
    .command('show')
    .argument('<id>', 'name of the node')
    .description('one node')
    .action(async (id: string) => {
      const { api, out } = context();
      const one = await api.get<NodeView>(`/v1/nodes/${encodeURIComponent(id)}`);
      out.object(one);
      const labels = Object.entries(one.labels).map(([name, value]) => `${name}=${value}`).join(', ');
      out.text(fields([
        ['node', one.node], ['product', one.product], ['version', one.version ?? 'unknown'], ['health', paintState(one.health)],
        ['state', paintState(one.state)], ['since', shortTime(one.since)], ['site', one.site], ['labels', labels || '-'],
        ['rollout', one.rollout ?? '-'], ['reason', one.reason ?? '-'],
      ]));
    });

  node
    .command('history')
    .argument('<id>', 'name of the node')
    .option('--all', 'also orders and acknowledgements, with positions and causes')
    .description('everything that happened to a node, the oldest first')
    .action(async (id: string, { all = false }: { all?: boolean }) => {
      const { api, out } = context();
      const entries = await api.list<HistoryView>(`/v1/nodes/${encodeURIComponent(id)}/history`, (since) => out.note(incomplete(since)));
      for (const entry of entries) out.object({ node: id, ...entry });
      for (const entry of entries.filter((one) => all || isTold(one))) out.text(historyLine(entry, all));
    });
}

function row(node: NodeView): string[] {
  // Facts are many and much alike; `node show` tells them.
  const labels = Object.entries(node.labels).filter(([name]) => !name.startsWith('fact/')).map(([name, value]) => `${name}=${value}`).join(',');
  return [node.node, node.product, node.version ?? paint('dim', 'unknown'), paintState(node.health), paintState(node.state), shortTime(node.since), node.site, labels || '-'];
}

function incomplete(since: number): string {
  return paint('yellow', `Incomplete: events had to be set aside since position ${since}. \`rollbook projections rebuild --all\` takes them up again.`, process.stderr);
}
