import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadRunbooks } from '#messaging';
import type { OrderBody } from '#messaging';
import { isAlive } from '#platform';
import { root } from '../houserules/sources.js';
import { killQuietly } from './machine.js';
import { PullService } from './pull-service.js';
import { until } from './until.js';

const product = `product: thing
name: The Thing
version-command: [version]
releases: [{ version: v1.10 }]
paths: [{ from: [v1.9], to: v1.10, migration: automatic, upgrade: [work], rollback: [work] }]
`;

const step = (name: string, run: string, more: string) => `
  - step: ${name}
    title: ${name}
    kind: command
    run: ${run}
    on-failure: stop
${more.split(';').map((line) => `    ${line.trim()}`).join('\n')}`;

const work = `runbook: work
title: Work
parameters: { what: { type: name } }
steps:${step('again', '[task, "${what}"]', 'timeout: 60s; repeat: safe')}${
  step('look', '[task, "${what}"]', 'timeout: 60s; repeat: check; done: { run: [test, -e, "done.${what}"], expect: { exit: 0 } }')}${
  step('once', '[task, "${what}"]', 'timeout: 60s; repeat: never')}${
  step('stubborn', '[stubborn]', 'timeout: 400ms; repeat: safe')}${
  step('loud', '[loud]', 'timeout: 60s; repeat: safe')}
`;

const put = `runbook: put
title: Put
parameters: { artifact: { type: artifact }, sha256: { type: digest } }
steps:
  - step: binary
    title: Put the binary in place
    kind: install
    install: { artifact: "\${artifact}", sha256: "\${sha256}", to: .local/bin/thing, mode: "755" }
    timeout: 60s
    repeat: safe
    on-failure: rollback
    changes: true
`;

const tool = (text: string) => `#!/bin/sh\n${text}\n`;

/** What a node's own programs do: each leaves on record that it was there. */
const tools = {
  version: tool('while [ -e "$HOME/hold-version" ]; do echo $$ > "$HOME/looking"; sleep 0.05; done; echo v1.9'),
  task: tool(`echo "begin $1 $$" >> "$HOME/ran"
while [ -e "$HOME/hold" ]; do sleep 0.05; done
echo "end $1" >> "$HOME/ran"
touch "$HOME/done.$1"`),
  stubborn: tool(`trap '' TERM
(trap '' TERM; echo $$ > /dev/null; exec sh -c 'echo $$ > "$HOME/child"; while :; do sleep 0.05; done') &
setsid sh -c 'trap "" TERM; echo $$ > "$HOME/elsewhere"; while :; do sleep 0.05; done' > /dev/null 2>&1 &
echo $$ > "$HOME/itself"
while :; do sleep 0.05; done`),
  loud: tool('echo first; head -c 300000 /dev/zero | tr "\\0" x; echo; echo last; echo wrong >&2'),
};

/** A real agent process of some nodes, its folders, and the service that it talks to. */
export class AgentProcess {
  readonly folder = mkdtempSync(join(tmpdir(), 'rollbook-agent-'));
  readonly state = join(this.folder, 'state');
  readonly program = join(root, 'dist/apps/agent/src/main.js');
  readonly service = new PullService();
  output = '';
  private readonly digests: Map<string, string>;
  private child: ChildProcess | undefined;

  private constructor(readonly nodes: readonly string[]) {
    const at = join(this.folder, 'catalog/thing/runbooks');
    mkdirSync(at, { recursive: true });
    writeFileSync(join(this.folder, 'catalog/thing/product.yaml'), product);
    writeFileSync(join(at, 'work.yaml'), work);
    writeFileSync(join(at, 'put.yaml'), put);
    this.digests = new Map(loadRunbooks(at).map(({ runbook, digest }) => [runbook, digest]));
    for (const node of nodes) {
      mkdirSync(this.home(node, '.local/bin'), { recursive: true });
      for (const [name, text] of Object.entries(tools)) writeFileSync(this.home(node, '.local/bin', name), text, { mode: 0o755 });
    }
    const list = nodes.map((node) => ({ node, product: 'thing', home: this.home(node) }));
    // JSON is YAML.
    writeFileSync(join(this.folder, 'nodes.yaml'), JSON.stringify({ nodes: list }));
    writeFileSync(join(this.folder, 'token'), 'secret');
  }

  static async of(...nodes: string[]): Promise<AgentProcess> {
    const agent = new AgentProcess(nodes);
    await agent.service.open();
    return agent;
  }

  home(node: string, ...path: string[]): string {
    return join(this.folder, 'nodes', node, ...path);
  }

  /** Starts it; `shell` comes before it in the same process, as a limit on what it may write. */
  start(shell = ''): void {
    const own = [process.execPath, this.program];
    const run = shell === '' ? own : ['/bin/sh', '-c', `${shell}; exec "$0" "$1"`, ...own];
    this.child = spawn(run[0]!, run.slice(1), { env: this.env(), stdio: ['ignore', 'ignore', 'pipe'] });
    this.child.stderr!.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
  }

  env(): NodeJS.ProcessEnv {
    return {
      PATH: process.env['PATH'], ROLLBOOK_HOME: this.folder, ROLLBOOK_AGENT_STATE: this.state, ROLLBOOK_SITE: 'north', ROLLBOOK_URL: this.service.url,
      ROLLBOOK_CATALOG: join(this.folder, 'catalog'), ROLLBOOK_NODES_FILE: join(this.folder, 'nodes.yaml'), ROLLBOOK_ARTIFACTS: this.service.url,
      ROLLBOOK_ENROLMENT_TOKEN_FILE: join(this.folder, 'token'), ROLLBOOK_OBSERVE_SECONDS: '86400',
    };
  }

  get pid(): number {
    return this.child!.pid!;
  }

  /** Puts an order for a step into the mailbox; returns its name. */
  order(node: string, step: string, over: Partial<OrderBody> = {}): string {
    const { runbook = 'work' } = over;
    return this.service.order({ node, step, runbook, digest: this.digestOf(runbook), parameters: { what: step }, ...over });
  }

  digestOf(runbook: string): string {
    return this.digests.get(runbook)!;
  }

  async ended(order: string, limitMs = 20_000): Promise<NonNullable<ReturnType<PullService['endOf']>>> {
    await until(() => this.service.endOf(order) !== undefined, limitMs, () => `${order}: ${this.output.slice(-3_000)}`);
    return this.service.endOf(order)!;
  }

  /** Makes the node's task go on until `release`. */
  hold(node: string, what = 'hold'): void {
    writeFileSync(this.home(node, what), '');
  }

  release(node: string, what = 'hold'): void {
    rmSync(this.home(node, what));
  }

  /** What the node's tasks have left on record, a line each. */
  ran(node: string): string[] {
    const file = this.home(node, 'ran');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  }

  /** The number of the process that a node's task, or one of its tools, wrote down last. */
  async pidIn(node: string, file = 'ran'): Promise<number> {
    const read = () => Number(/(\d+)\n?$/.exec(existsSync(this.home(node, file)) ? readFileSync(this.home(node, file), 'utf8') : '')?.[1] ?? 0);
    await until(() => read() > 0, 20_000, () => this.output.slice(-3_000));
    return read();
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  async exit(limitMs: number): Promise<number | null> {
    await until(() => this.child!.exitCode !== null || this.child!.signalCode !== null, limitMs, () => this.output);
    return this.child!.exitCode;
  }

  /** Ends it and all that it started, whoever their parent is by now. */
  async dispose(): Promise<void> {
    await this.kill();
    await this.service.close();
    for (const pid of this.left()) killQuietly(pid, 'SIGKILL');
    await until(() => this.left().length === 0, 5_000);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Processes whose home is one of the nodes'. */
  left(): number[] {
    const homes = this.nodes.map((node) => `HOME=${this.home(node)}`);
    return readdirSync('/proc').map(Number).filter((pid) => {
      try {
        return pid > 0 && isAlive(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').some((one) => homes.includes(one));
      } catch {
        return false;
      }
    });
  }
}
