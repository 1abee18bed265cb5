import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { openPool, silentLogger, systemClock } from '#platform';
import { AgentMetrics } from '../../apps/agent/src/metrics/metrics.js';
import { WorkerMetrics } from '../../apps/worker/src/metrics.js';
import { root } from '../houserules/sources.js';
import { describeWithPrometheus, promtool } from '../support/prometheus.js';
import { TestService } from '../support/service.js';

interface Panel {
  title: string;
  targets: { expr: string }[];
}

const { panels } = JSON.parse(readFileSync(join(root, 'monitoring/grafana/rollbook.json'), 'utf8')) as { panels: Panel[] };
const expressions = panels.flatMap((panel) => panel.targets.map((target) => target.expr));
const rules = readFileSync(join(root, 'monitoring/prometheus/rollbook.rules.yml'), 'utf8').replace(/^\s*#.*$/gm, '');
const namesIn = (text: string) => new Set(text.match(/\b(orchat|rollbook)_\w+/g));

describeWithPrometheus('the dashboard', () => {
  it('asks nothing that Prometheus does not understand', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rollbook-dashboard-'));
    const file = join(folder, 'rules.yml');
    try {
      writeFileSync(file, stringify({ groups: [{ name: 'panels', rules: expressions.map((expr, i) => ({ record: `panel:${i}`, expr })) }] }));
      expect(promtool('check', 'rules', file)).toEqual({ status: 0, said: expect.stringContaining(`${expressions.length} rules found`) as string });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('names', () => {
  let service: TestService;
  let told: Set<string>;

  beforeAll(async () => {
    service = await TestService.open();
    const agent = new AgentMetrics(new Map([['n-1', { node: 'n-1', product: 'orchat', home: '/', labels: {} }]]), () => false);
    const texts = [(await service.get('/metrics')).text, await agent.text(), await new WorkerMetrics(service.workerPool, systemClock).text()];
    told = new Set(texts.flatMap((text) => [...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name!)));
  }, 60_000);
  afterAll(() => service.close());

  it.each([['the dashboard', expressions.join('\n')], ['the alerts', rules]])('of metrics in %s are those of metrics that there are', (_, text) => {
    expect(namesIn(text).size).toBeGreaterThan(5);
    expect([...namesIn(text)].filter((name) => !told.has(name))).toEqual([]);
  });

  it('tell how far followers are, who holds a lease and that no deadline has passed', async () => {
    await service.register(['n-1']);
    const text = await new WorkerMetrics(service.workerPool, systemClock).text();
    expect(text).toMatch(/^rollbook_follower_position\{follower="projection:fleet"\} [1-9]\d*$/m);
    expect(text).toMatch(/^rollbook_lease_held\{lease="projector"\} 1$/m);
    expect(text).toMatch(/^rollbook_timers_due 0$/m);
  });

  it('of the ledger are left out while PostgreSQL is away, and the process still tells of itself', async () => {
    const pool = await openPool({ url: service.database.worker, name: 'test away', max: 1, logger: silentLogger });
    await pool.end();
    const text = await new WorkerMetrics(pool, systemClock).text();
    expect(text).toContain('process_cpu_seconds_total ');
    expect(text).not.toMatch(/^rollbook_/m);
  });
});
