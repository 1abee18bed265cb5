import type { Machine } from './machine.js';
import { until } from './until.js';

export interface PlannedRollout {
  rollout: string;
  digest: string;
  plan: { targets: { node: string }[] };
}

export interface RolloutStatus {
  rollout: string;
  state: string;
  reason: string | null;
  nodes: { node: string; state: string; result: string | null; reason: string | null; stepsDone: number }[];
}

const ended = ['succeeded', 'partial', 'failed', 'aborted', 'expired', 'rolled-back', 'rollback-failed'];

/** HTTP against a machine, as a program uses it. */
export async function call<T>(machine: Machine, method: string, path: string, body?: object): Promise<{ status: number; body: T }> {
  const answer = await fetch(`${machine.url}${path}`, {
    method, headers: { 'content-type': 'application/json' }, ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: answer.status, body: (await answer.json()) as T };
}

export async function planRollout(machine: Machine, wish: { nodes: string; strategy?: object; to?: string }): Promise<PlannedRollout> {
  const { status, body } = await call<PlannedRollout>(machine, 'POST', '/v1/rollouts', { product: 'orchat', to: 'v0.7.0', ...wish });
  if (status !== 201) throw new Error(`not planned: ${JSON.stringify(body)}`);
  return body;
}

export async function act(machine: Machine, rollout: string, action: string, body: object = {}): Promise<void> {
  const answer = await call(machine, 'POST', `/v1/rollouts/${rollout}/${action}`, body);
  if (answer.status !== 202) throw new Error(`${action} was refused: ${JSON.stringify(answer.body)}`);
}

export async function statusOf(machine: Machine, rollout: string): Promise<RolloutStatus> {
  const head = await call<RolloutStatus>(machine, 'GET', `/v1/rollouts/${rollout}`);
  const page = await call<{ items: RolloutStatus['nodes'] }>(machine, 'GET', `/v1/rollouts/${rollout}/nodes?limit=500`);
  if (head.status !== 200 || page.status !== 200) throw new Error(`no status: ${JSON.stringify(head.body)}`);
  return { ...head.body, nodes: page.body.items };
}

/** Waits until a rollout is as wanted, by default at its end. */
export async function awaitRollout(machine: Machine, rollout: string, limitMs: number, wanted: (status: RolloutStatus) => boolean = (status) => ended.includes(status.state)): Promise<RolloutStatus> {
  let last: RolloutStatus | undefined;
  await until(async () => {
    // Not yet projected, or away for a moment: the service is killed in some tests.
    last = await statusOf(machine, rollout).catch(() => last);
    return last !== undefined && wanted(last);
  }, limitMs, () => `${JSON.stringify(last)}\n${['api', 'worker', 'agent'].map((name) => machine.log(name).slice(-1_500)).join('\n---\n')}`);
  return last!;
}

/** Waits until the agent has announced nodes as healthy. */
export async function awaitHealthy(machine: Machine, count: number, limitMs = 30_000): Promise<void> {
  await until(async () => {
    const { body } = await call<{ items: { health: string }[] }>(machine, 'GET', '/v1/nodes');
    return body.items.filter((node) => node.health === 'healthy').length >= count;
  }, limitMs, () => machine.log('agent').slice(-2_000));
}

/** Waits until every follower has taken all that the ledger holds. */
export async function awaitQuiet(machine: Machine, limitMs: number): Promise<void> {
  await until(async () => {
    const answer = await call<{ lag: { [follower: string]: number } }>(machine, 'GET', '/v1/ledger').catch(() => undefined);
    return answer?.status === 200 && Object.values(answer.body.lag).every((lag) => lag === 0);
  }, limitMs, () => machine.log('worker').slice(-2_000));
}
