import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { until } from './until.js';
import { describeNeeding } from './needs.js';

export const promtool = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}` };
};

/**
 * A `describe` with the programs of Prometheus. Where they are missing the suite is listed as skipped with the reason in its
 * name, or fails when ROLLBOOK_REQUIRE_PROMETHEUS=1 says that they must be there.
 */
export function describeWithPrometheus(name: string, tests: () => void): void {
  const missing = ['prometheus', 'promtool'].filter((program) => spawnSync(program, ['--version']).error !== undefined);
  const reason = missing.length === 0 ? undefined : `there is no ${missing.join(', no ')}`;
  describeNeeding(name, { what: 'the programs of Prometheus', reason, variable: 'ROLLBOOK_REQUIRE_PROMETHEUS' }, tests);
}

export interface Sample {
  metric: { [label: string]: string };
  value: [number, string];
}

/** A real Prometheus on a free port of this machine that scrapes the targets by job. */
export class TestPrometheus {
  private constructor(
    private readonly url: string,
    private readonly child: ReturnType<typeof spawn>,
    private readonly folder: string,
  ) {}

  static async start(rules: string, jobs: { [job: string]: string }): Promise<TestPrometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'rollbook-prometheus-'));
    const file = join(folder, 'prometheus.yml');
    const scraped = Object.entries(jobs).map(([job, target]) => ({ job_name: job, static_configs: [{ targets: [target] }] }));
    writeFileSync(file, stringify({ global: { scrape_interval: '1s', evaluation_interval: '1s' }, rule_files: [rules], scrape_configs: scraped }));
    const address = `127.0.0.1:${await freePort()}`;
    const args = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=${address}`, '--log.level=error'];
    const child = spawn('prometheus', args, { stdio: 'ignore' });
    const prometheus = new TestPrometheus(`http://${address}`, child, folder);
    try {
      await until(() => prometheus.get('/-/ready').then(() => true, () => false), 60_000);
    } catch (error) {
      await prometheus.stop();
      throw error;
    }
    return prometheus;
  }

  async query(expression: string): Promise<Sample[]> {
    const answer = (await (await this.get(`/api/v1/query?query=${encodeURIComponent(expression)}`)).json()) as { data: { result: Sample[] } };
    return answer.data.result;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async get(path: string): Promise<Response> {
    const answer = await fetch(`${this.url}${path}`);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
