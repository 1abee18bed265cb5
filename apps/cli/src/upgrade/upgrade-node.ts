import { pause } from '#platform';
import type { ApiClient } from '../client.js';
import { refused } from '../exit.js';
import { endStates } from '../views.js';
import type { CommandAnswer, NodeView, PlanAnswer, ProductView, RolloutView } from '../views.js';
import { Narrator } from './phases.js';
import type { UpgradeEvent } from './phases.js';
import type { UpgradeLog } from './upgrade-log.js';

export interface UpgradeResult {
  node: string;
  /** Null when the node ran the version already. */
  rollout: string | null;
  state: string;
  version: string | null;
  backup: string | null;
}

const lookEveryMs = 2_000;
const pathOf = (rollout: string) => `/v1/rollouts/${encodeURIComponent(rollout)}`;

/**
 * One node from pre-flight checks to validation. Safe to repeat: a node that is there already is left alone, and an
 * upgrade that is under way, planned or paused is gone on with.
 */
export async function upgradeNode(api: ApiClient, log: UpgradeLog, name: string, wanted: string): Promise<UpgradeResult> {
  const node = await api.get<NodeView>(`/v1/nodes/${encodeURIComponent(name)}`);
  const product = await api.get<ProductView>(`/v1/products/${encodeURIComponent(node.product)}`);
  const to = wanted === 'latest' ? latestOf(product) : wanted;
  const known = await unfinished(api, node, to);
  if (!known && node.version === to && node.state === 'ready') {
    log.say(`${name} runs ${product.name} ${to} already: nothing to do`);
    return { node: name, rollout: null, state: 'succeeded', version: node.version, backup: null };
  }
  log.say(`${known ? 'Going on with the' : 'Starting'} ${product.name} upgrade to ${to}`);
  const { rollout, after } = known ?? (await begin(api, node, to));
  const narrator = new Narrator(name, to);
  const end = await follow(api, rollout, after, (event) => narrator.tell(event).forEach((line) => log.say(line)));
  const now = await api.get<NodeView>(`/v1/nodes/${encodeURIComponent(name)}`, end.position);
  const backup = narrator.backup?.name ?? null;
  if (end.state === 'succeeded') log.say('✅ Upgrade completed successfully');
  else log.say(`❌ The upgrade ended ${end.state}`);
  if (narrator.backup) log.say(`Backup: ${narrator.backup.name} (SHA-256 ${narrator.backup.sha256})`);
  log.say(`${end.state === 'succeeded' ? 'New version' : 'Version'}: ${now.version ?? 'unknown'}`);
  return { node: name, rollout, state: end.state, version: now.version, backup };
}

/** The release that is current on the day of asking. */
function latestOf({ product, releases }: ProductView): string {
  const current = releases.find(({ support }) => support === 'current');
  if (!current) throw refused(`version-unknown: ${product} has no release that is current. Name a version with --to.`);
  return current.version;
}

/** An upgrade of this node to this version that was begun before, made to run if it waits. */
async function unfinished(api: ApiClient, node: NodeView, to: string): Promise<{ rollout: string; after: number } | undefined> {
  const rollouts = await api.list<RolloutView>('/v1/rollouts');
  const open = rollouts.filter((one) => !endStates.includes(one.state));
  const underWay = open.find((one) => one.rollout === node.rollout && node.state !== 'ready');
  if (underWay && underWay.to !== to) {
    throw refused(`node-busy: ${node.node} is on its way to ${underWay.to} in rollout ${underWay.rollout}. Wait for its end, or abort it with \`rollbook rollout abort ${underWay.rollout}\`.`);
  }
  const found = underWay ?? open.find((one) => one.selector === node.node && one.to === to && one.product === node.product);
  if (!found) return undefined;
  if (found.state === 'planned') await api.post<CommandAnswer>(`${pathOf(found.rollout)}/start`, { digest: found.digest });
  if (found.state === 'paused') await api.post<CommandAnswer>(`${pathOf(found.rollout)}/resume`, {});
  return { rollout: found.rollout, after: 0 };
}

async function begin(api: ApiClient, node: NodeView, to: string): Promise<{ rollout: string; after: number }> {
  const plan = await api.post<PlanAnswer>('/v1/rollouts', { product: node.product, to, nodes: node.node, strategy: { maxUnavailable: 1, failureLimit: 0 } });
  await api.post<CommandAnswer>(`${pathOf(plan.rollout)}/start`, { digest: plan.digest });
  return { rollout: plan.rollout, after: plan.position };
}

/** Reads the rollout's events from a position on to its end; outlives a restart of the service. */
async function follow(api: ApiClient, rollout: string, after: number, onEvent: (event: UpgradeEvent) => void): Promise<{ state: string; position: number }> {
  const stop = new AbortController();
  let position = after;
  let ended: string | undefined;
  while (ended === undefined) {
    try {
      for await (const event of api.events(position, rollout, stop.signal)) {
        position = event._ledger.position;
        onEvent(event as UpgradeEvent);
        ended = (event as UpgradeEvent).type === 'rollout.completed' ? ((event as UpgradeEvent).data['state'] as string) : ended;
        if (ended !== undefined) break;
      }
    } catch {
      // Away for a moment; what was missed is read when it is back.
    }
    if (ended === undefined) await pause(lookEveryMs);
  }
  stop.abort();
  return { state: ended, position };
}
