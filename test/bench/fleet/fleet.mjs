import { performance } from 'node:perf_hooks';
import { Services } from '../services.mjs';
import { SimulatedAgent } from './agents.mjs';

const siteCount = 10;
const targets = { 10_000: { most: 20 } };

export async function run(ground, report) {
  const sizes = ground.quick ? [20] : [1_000, 10_000];
  const database = await ground.database();
  const pool = await ground.pool(database.app, 4);
  const services = await Services.start(ground, database);
  const agents = Array.from({ length: siteCount }, (_, i) => new SimulatedAgent(services.url, `site-${i}`));
  ground.onEnd(() => Promise.all(agents.map((agent) => agent.stop())));
  for (const agent of agents) {
    await agent.enrol(services.enrolmentToken);
    await agent.start();
  }
  for (const size of sizes) {
    const label = { fleet: `f${size}` };
    await Promise.all(agents.map((agent, i) => agent.announce(namesOf(size, i), label)));
    await projected(services);
    const strategy = { maxUnavailable: size, failureLimit: size, acceptSeconds: 3_600 };
    const { rollout } = await services.json('POST', '/v1/rollouts', { product: 'orchat', to: 'v0.7.0', nodes: `label.fleet=f${size}`, strategy });
    const { position } = await services.json('POST', `/v1/rollouts/${rollout}/start`, {});
    const times = await acknowledged(pool, position, size);
    report.figure(`orders-${size}-seconds`, [times.last], { unit: 's', ...targets[size] });
    report.figure(`orders-${size}-first-seconds`, [times.first], { unit: 's' });
    report.figure(`orders-${size}-per-second`, [size / times.last], { unit: 'nodes/s' });
  }
  const { figures } = report.asJson();
  const [small, large] = sizes;
  // 1 where ten times the nodes take ten times as long.
  if (large) report.ratio('growth', [figures[`orders-${large}-seconds`] / figures[`orders-${small}-seconds`] / (large / small)]);
  report.limit('The worker limits it, on one core: for each node it decides and records the upgrade, orders its first step, signs the order and brings five read models on; the api, on the other, checks each signed report and records it.');
}

function namesOf(size, site) {
  return Array.from({ length: size / siteCount }, (_, i) => `f${size}-${site}-${i}`);
}

/** Until the read models hold all that was announced, since a selector is resolved by them. */
async function projected(services) {
  const limit = performance.now() + 60_000;
  for (;;) {
    const { lag } = await services.json('GET', '/v1/ledger');
    if (Object.values(lag).every((behind) => behind === 0)) return;
    if (performance.now() > limit) throw new Error(`the followers do not catch up: ${JSON.stringify(lag)}`);
    await pause(50);
  }
}

/** Seconds from the start until the first and the last acknowledgement, by the ledger's own times. */
async function acknowledged(pool, start, size) {
  const recordedAt = `(convert_from(envelope, 'UTF8')::jsonb -> '_ledger' ->> 'recordedAt')::timestamptz`;
  const limit = performance.now() + 120_000;
  let [after, count, first, last] = [start, 0];
  while (count < size) {
    const { rows } = await pool.query(
      `select count(*)::integer as count, min(position)::text as first, max(position)::text as last, (select position from ledger.head)::text as head
       from ledger.event where position > $1 and position <= (select position from ledger.head) and type = 'step.accepted'`,
      [after],
    );
    const [seen] = rows;
    [after, count, first, last] = [seen.head, count + seen.count, first ?? seen.first, seen.last ?? last];
    if (performance.now() > limit) throw new Error(`only ${count} of ${size} orders were acknowledged`);
    if (count < size) await pause(100);
  }
  const { rows } = await pool.query(`select extract(epoch from ${recordedAt})::float as at from ledger.event where position in ($1, $2, $3) order by position`, [start, first, last]);
  const [began, one, end] = [rows[0], rows.length > 1 ? rows[1] : rows[0], rows.at(-1)].map((row) => row.at);
  return { first: one - began, last: end - began };
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
