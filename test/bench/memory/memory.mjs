/* global fetch */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { root } from '../ground.mjs';

const names = ['api', 'worker', 'agent'];
const targets = { api: { most: 250 }, worker: {}, agent: { most: 120 } };
const ended = ['succeeded', 'partial', 'failed', 'rolled-back'];
const quietMs = 2_000;

/** All of Rollbook as `npm start` runs it, with its own PostgreSQL and four sandbox nodes. */
export async function run(ground, report) {
  const machine = await Machine.start(ground);
  await until('all nodes healthy', 60_000, async () => (await machine.get('/v1/nodes')).items.filter((node) => node.health === 'healthy').length === 4);
  await pause(ground.quick ? 0 : quietMs);
  const idle = machine.memory();
  let after = idle;
  if (!ground.quick) {
    await machine.rollOut();
    await pause(quietMs);
    after = machine.memory();
  }
  for (const name of names) {
    report.figure(`${name}-idle-mb`, [idle[name]], { unit: 'MB', ...targets[name] });
    report.figure(`${name}-after-mb`, [after[name]], { unit: 'MB', ...targets[name] });
  }
  report.figure('agent-ready-ms', [machine.agentReadyMs()], { unit: 'ms', most: 1_000 });
  for (const name of names) report.ratio(`${name}-growth`, [after[name] / idle[name]]);
  report.limit('Most of it is Node itself (about 45 MB) and the code that each process loads: NestJS, TypeORM and Swagger in the api, NestJS and kafkajs in the worker, messaging alone in the agent.');
}

class Machine {
  #output = '';

  static async start(ground) {
    const machine = new Machine();
    machine.home = join(ground.folder, 'home');
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(ROLLBOOK_|DATABASE_URL|KAFKA_BROKERS|NODE_OPTIONS)/.test(name)));
    const child = spawn(process.execPath, [join(root, 'dist/apps/cli/src/main.js'), 'up', '--no-story'], {
      env: { ...inherited, ROLLBOOK_HOME: machine.home, ROLLBOOK_PORT: '0', NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    ground.onEnd(() => machine.#end(child));
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (machine.#output += chunk));
    await until('the start', 90_000, () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${machine.#output}`);
      return machine.#output.includes('Rollbook serves at');
    });
    ground.postgresVersion = /PostgreSQL (\S+)/.exec(machine.#output)?.[1];
    return machine;
  }

  #end(child) {
    if (child.exitCode !== null || child.signalCode !== null) return undefined;
    return new Promise((resolve) => {
      child.once('exit', resolve);
      child.kill('SIGTERM');
    });
  }

  get #run() {
    return JSON.parse(readFileSync(join(this.home, 'run.json'), 'utf8'));
  }

  /** Resident memory in MB by process. */
  memory() {
    const { processes } = this.#run;
    return Object.fromEntries(names.map((name) => [name, residentKb(processes[name]) / 1024]));
  }

  agentReadyMs() {
    const lines = readFileSync(join(this.home, 'logs/agent.log'), 'utf8').split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line)).find((line) => line.message === 'agent is ready').tookMs;
  }

  async get(path) {
    return (await fetch(`${this.#run.url}${path}`)).json();
  }

  async #post(path, body) {
    const answer = await fetch(`${this.#run.url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`POST ${path} was answered with ${answer.status}: ${await answer.text()}`);
    return answer.json();
  }

  /** An upgrade of all four at once; the one that is short of room fails and goes back. */
  async rollOut() {
    const strategy = { maxUnavailable: 4, failureLimit: 4 };
    const { rollout } = await this.#post('/v1/rollouts', { product: 'orchat', to: 'v0.7.0', nodes: 'all', strategy });
    await this.#post(`/v1/rollouts/${rollout}/start`, {});
    await until('the end of the rollout', 90_000, async () => ended.includes((await this.get(`/v1/rollouts/${rollout}`)).state));
  }
}

function residentKb(pid) {
  const file = `/proc/${pid}/status`;
  if (existsSync(file)) return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(file, 'utf8'))[1]);
  return Number(spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).stdout);
}

async function until(wanted, limitMs, look) {
  for (const end = performance.now() + limitMs; ; await pause(100)) {
    if (await look()) return;
    if (performance.now() > end) throw new Error(`not within ${limitMs / 1000} s: ${wanted}`);
  }
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
