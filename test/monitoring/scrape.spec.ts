import { join } from 'node:path';
import { openMetricsDoor } from '../../apps/agent/src/metrics/door.js';
import type { MetricsDoor } from '../../apps/agent/src/metrics/door.js';
import { carryOut } from '../../apps/agent/src/steps/step.js';
import type { StepResult, StepWish } from '../../apps/agent/src/steps/step.js';
import { root } from '../houserules/sources.js';
import { TestPrometheus, describeWithPrometheus } from '../support/prometheus.js';
import { Rig } from '../support/rig.js';
import { makeSandboxes, mirror } from '../support/sandboxes.js';
import { TestService } from '../support/service.js';
import { until } from '../support/until.js';

const limitMs = 90_000;

describeWithPrometheus('a Prometheus that scrapes an agent and the API', () => {
  let rig: Rig | undefined;
  let service: TestService | undefined;
  let door: MetricsDoor | undefined;
  let prometheus: TestPrometheus | undefined;
  let goOn = (): void => undefined;
  const held = new Promise<void>((resolve) => (goOn = resolve));

  /** The first step of the node that is upgraded waits until it is told to go on, and then fails. */
  async function failLate(wish: StepWish): Promise<StepResult> {
    if (wish.node.node !== 'n-1') return carryOut(wish);
    await held;
    return { outcome: 'failed', reason: 'exit-code', startedAt: null, finishedAt: wish.clock.now(), exit: 1, facts: {}, evidence: undefined, truncated: false, found: false };
  }

  async function value(expression: string): Promise<number | undefined> {
    const [sample] = await prometheus!.query(expression);
    return sample && Number(sample.value[1]);
  }

  async function shows(expression: string, expected: number | undefined): Promise<void> {
    let last: number | undefined;
    await until(async () => (last = await value(expression)) === expected, limitMs, () => `${expression} is ${last}, not ${expected}`);
  }

  beforeAll(async () => {
    rig = await Rig.start();
    await rig.importCatalogue();
    // The database is the rig's to end.
    service = await TestService.open({ database: { ...rig.database, drop: () => Promise.resolve() } });
    const nodes = await makeSandboxes(rig.folder, ['n-1', 'n-2']);
    const agent = await rig.addAgent('agent-1', nodes, { mirror, carryOut: failLate });
    door = await openMetricsDoor(agent.metrics, 0, '127.0.0.1');
    const jobs = { agent: `127.0.0.1:${door.port}`, api: new URL(service.url).host };
    prometheus = await TestPrometheus.start(join(root, 'monitoring/prometheus/rollbook.rules.yml'), jobs);
  }, 180_000);

  afterAll(async () => {
    goOn();
    await prometheus?.stop();
    await door?.close();
    await service?.close();
    await rig?.stop();
  }, 60_000);

  it('finds both, and each node with its version and its health', async () => {
    await shows('sum(up)', 2);
    await shows('count(up == 0)', undefined);
    await shows('count(orchat_version_info{version="v0.6.2"} == 1)', 2);
    await shows('count(orchat_health_status == 1)', 2);
    await shows('sum(orchat_errors_total{type="upgrade"})', 0);
    await shows('rollbook_postgres_up', 1);
    await shows('rollbook_rollouts_running{product="orchat"}', 0);
    expect(await value('count(rollbook_follower_lag_events)')).toBeGreaterThan(3);
  }, 200_000);

  it('sees a rollout run on a node, its failed step, and that what the node runs is unknown until it is seen again', async () => {
    await rig!.startRollout(await rig!.plan(['n-1'], {}));
    await shows('rollbook_rollouts_running{product="orchat"}', 1);
    await shows('rollbook_node_upgrading{node="n-1"}', 1);
    await shows('rollbook_node_upgrading{node="n-2"}', 0);
    goOn();
    await shows('orchat_errors_total{type="upgrade",node="n-1"} > bool 0', 1);
    await shows('orchat_version_info{node="n-1"}', undefined);
    await shows('orchat_errors_total{type="upgrade",node="n-2"}', 0);
    await shows('rollbook_node_upgrading{node="n-1"}', 0);
    await shows('rollbook_rollouts_running{product="orchat"}', 0);
    await shows('count(up == 0)', undefined);
  }, 300_000);
});
