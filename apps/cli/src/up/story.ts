import { pause } from '#platform';
import type { ApiClient } from '../client.js';
import { statusOf } from '../rollout-status.js';
import { Out } from '../out.js';
import { historyLine, isTold } from '../render/history.js';
import { memberRow } from '../render/rollout.js';
import { paint } from '../render/style.js';
import { table } from '../render/table.js';
import { endStates } from '../views.js';
import type { CommandAnswer, HistoryView, NodeView, PlanAnswer, RolloutView } from '../views.js';
import { watchRollout } from '../watch/watch.js';

const say = (text: string) => process.stdout.write(`${text}\n`);
const out = new Out(false);
const pollMs = 100;

/** Waits until every named node was announced and is healthy. */
export async function awaitNodes(api: ApiClient, names: readonly string[], limitMs: number): Promise<void> {
  for (let waited = 0; ; waited += pollMs) {
    const nodes = await api.list<NodeView>('/v1/nodes');
    if (names.every((name) => nodes.some((node) => node.node === name && node.version !== null && node.health === 'healthy'))) return;
    if (waited >= limitMs) throw new Error(`the agent did not announce ${names.join(', ')} as healthy in ${limitMs / 1000} s; its log is logs/agent.log in the home`);
    await pause(pollMs);
  }
}

/** The story of a first start: four nodes upgraded one by one, one of which fails its health check and is rolled back. */
export async function tellStory(api: ApiClient, nodes: readonly string[]): Promise<string> {
  const selector = nodes.join(',');
  say(`\n${paint('bold', 'A rolling upgrade of four nodes to v0.7.0.')} One of them has too little room for it, which shows only afterwards.`);
  say(paint('dim', `$ rollbook rollout plan --product orchat --to v0.7.0 --nodes ${selector} --max-unavailable 1 --failure-limit 1`));
  const plan = await api.post<PlanAnswer>('/v1/rollouts', {
    product: 'orchat', to: 'v0.7.0', nodes: selector, strategy: { maxUnavailable: 1, failureLimit: 1 },
  });
  const order = plan.plan!.targets.map((target) => target.node).join(', ');
  say(`Plan ${plan.digest.slice(0, 12)}: ${plan.plan!.routes[0]!.upgrade.length} steps for each node, in the order ${order}.`);
  say(paint('dim', `$ rollbook rollout start ${plan.rollout} --watch`));
  const { position } = await api.post<CommandAnswer>(`/v1/rollouts/${plan.rollout}/start`, { digest: plan.digest });
  await watchRollout({ api, out, rollout: plan.rollout, position });
  await tellEnd(api, plan.rollout, nodes);
  return plan.rollout;
}

/** Goes on with rollouts that were under way when an earlier start was cut off, as far as they go without a person. */
export async function followUnfinished(api: ApiClient): Promise<void> {
  const rollouts = await api.list<RolloutView>('/v1/rollouts');
  const unfinished = rollouts.filter((one) => !endStates.includes(one.state) && one.state !== 'planned' && one.state !== 'paused');
  for (const { rollout } of unfinished.reverse()) {
    say(`\nRollout ${rollout} was under way when Rollbook ended; it goes on:`);
    const { state } = await watchRollout({ api, out, rollout, untilPerson: true });
    if (!endStates.includes(state)) say('It waits for a person: `rollbook node review` and `rollbook rollout list` tell for what.');
  }
}

async function tellEnd(api: ApiClient, rollout: string, nodes: readonly string[]): Promise<void> {
  const { members } = await statusOf(api, rollout);
  const fleet = await api.list<NodeView>('/v1/nodes');
  const versionOf = (node: string) => fleet.find((one) => one.node === node)?.version ?? 'unknown';
  say('');
  say(table(['#', 'NODE', 'FROM', 'STATE', 'RESULT', 'STEPS', 'LAST STEP', 'REASON', 'RUNS NOW'], members.map((member) => [...memberRow(member), paint('bold', versionOf(member.node))])));
  for (const node of nodes) {
    const entries = await api.list<HistoryView>(`/v1/nodes/${node}/history`);
    say(`\n${paint('bold', node)}`);
    for (const entry of entries.filter(isTold)) say(`  ${historyLine(entry)}`);
  }
}
