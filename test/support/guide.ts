import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DecideReview, GrantException, PlanRollout, RollBackRollout, StartProcedure } from '#commands';
import type { DomainEvent, EventType, Plan } from '#domain';
import { PostgresReader } from '#ledger';
import type { ServedNode } from '../../apps/agent/src/nodes.js';
import { runProcess } from './machine.js';
import type { Finished } from './machine.js';
import { Rig } from './rig.js';
import { makeSandbox, mirror } from './sandboxes.js';
import { until } from './until.js';

const passageMs = 90_000;

export type DataOf<T extends EventType> = Extract<DomainEvent, { type: T }>['data'];

/** A node of the guide: a home with a release in it, served by an agent of its own. */
export class GuideNode {
  constructor(
    readonly guide: Guide,
    readonly node: string,
    readonly home: string,
    readonly product = 'orchat',
  ) {}

  at(path: string): string {
    return join(this.home, path);
  }

  read(path: string): string {
    return readFileSync(this.at(path), 'utf8');
  }

  /** Runs the installed program, as whoever owns the node would. */
  async orchat(...args: string[]): Promise<Finished> {
    return runProcess(process.execPath, [this.at('.local/bin/orchat'), ...args], { HOME: this.home, PATH: process.env['PATH'] });
  }

  /** Digests of the home's files, but for caches and backups, which come and go, and what the test leaves out. */
  files(...leftOut: RegExp[]): Record<string, string> {
    const all = readdirSync(this.home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = all.map((entry) => join(entry.parentPath, entry.name).slice(this.home.length + 1));
    const kept = paths.filter((path) => ![/^\.cache\//, /\/backups\//, ...leftOut].some((pattern) => pattern.test(path)));
    return Object.fromEntries(kept.sort().map((path) => [path, createHash('sha256').update(readFileSync(this.at(path))).digest('hex')]));
  }

  async state() {
    const { state } = await this.guide.rig.book.node(this.node);
    if (state.status === 'none') throw new Error(`${this.node} is not known`);
    return state;
  }

  /** Plans an upgrade of this node alone and shows the plan. */
  async plan(to: string, method: string | null = null): Promise<{ rollout: string; plan: Plan }> {
    const { rig } = this.guide;
    const wish = { product: this.product, to, selector: this.node, nodes: [this.node], strategy: {}, dryRun: false, method };
    const planned = await rig.bus.execute(new PlanRollout(rig.person(), wish));
    if (!planned.ok) throw new Error(JSON.stringify(planned.refusal));
    return { rollout: planned.rollout, plan: planned.plan! };
  }

  /** Goes the whole way; `meanwhile` is what a person does on it. Returns the rollout. */
  async upgrade(to: string, { method = null, meanwhile }: { method?: string | null; meanwhile?: () => Promise<void> } = {}): Promise<string> {
    const { rollout } = await this.plan(to, method);
    await this.guide.rig.startRollout(rollout);
    await this.guide.until(async () => (await this.state()).epoch > 0, this);
    await meanwhile?.();
    await this.rolloutEnds(rollout);
    return rollout;
  }

  async rollBack(rollout: string): Promise<void> {
    const { rig } = this.guide;
    const done = await rig.bus.execute(new RollBackRollout(rig.person(), rollout, 'the guide is read to its end'));
    if (!done.ok) throw new Error(JSON.stringify(done.refusal));
    await this.rolloutEnds(rollout);
  }

  private async rolloutEnds(rollout: string): Promise<void> {
    await this.guide.until(async () => {
      const { state } = await this.guide.rig.book.rollout(rollout);
      return state.status === 'ended';
    }, this);
  }

  /** A procedure of the catalogue, to its end. */
  async do(procedure: string, to: string | null = null): Promise<'completed' | 'failed'> {
    const { rig } = this.guide;
    const begun = await rig.bus.execute(new StartProcedure(rig.person(), this.node, procedure, to));
    if (!begun.ok) throw new Error(JSON.stringify(begun.refusal));
    await this.guide.until(async () => (await this.state()).activity.kind !== 'passage', this);
    const ends = (await this.events()).filter((event) => event.type === 'procedure.completed' || event.type === 'procedure.failed');
    return ends.at(-1)!.type === 'procedure.completed' ? 'completed' : 'failed';
  }

  /** What the node's converted settings look like to the person who is asked, and their word on it. */
  async review(accept: boolean): Promise<string> {
    const { rig } = this.guide;
    await this.guide.until(async () => (await this.state()).activity.kind !== 'passage' || (await this.last('review.requested')) !== undefined, this);
    const asked = await this.last('review.requested');
    if (!asked) throw new Error(`nobody was asked: ${JSON.stringify((await this.events()).slice(-3))}`);
    const shown = await new PostgresReader(rig.pool).blob(asked.evidence.sha256);
    const done = await rig.bus.execute(new DecideReview(rig.person(), this.node, asked.order, accept, accept ? null : 'not like this'));
    if (!done.ok) throw new Error(JSON.stringify(done.refusal));
    return shown!.toString();
  }

  async events(): Promise<DomainEvent[]> {
    const stored = await this.guide.rig.book.ledger.readStream(`node/${this.node}`);
    return stored.map(({ bytes }) => JSON.parse(bytes.toString()) as DomainEvent);
  }

  async last<T extends EventType>(type: T, rollout?: string): Promise<DataOf<T> | undefined> {
    const found = (await this.events()).filter((event): event is Extract<DomainEvent, { type: T }> => event.type === type);
    return found.map((event) => event.data as DataOf<T>).findLast((data) => rollout === undefined || (data as { rollout?: string }).rollout === rollout);
  }

  /** Steps that were reported as not good, by name and kind, and why. */
  async badSteps(): Promise<string[]> {
    const reports = (await this.events()).filter((event) => event.type === 'step.reported');
    return reports.filter(({ data }) => !data.good).map(({ data }) => `${data.step} (${data.kind}): ${data.verdict}`);
  }
}

/** The service, agents and nodes in this process and in real homes; stopped by the test. */
export class Guide {
  private constructor(readonly rig: Rig) {}

  static async start(): Promise<Guide> {
    const guide = new Guide(await Rig.start());
    await guide.rig.importCatalogue();
    return guide;
  }

  async node(node: string, release: string, { labels = {}, sandbox = [] }: { labels?: ServedNode['labels']; sandbox?: string[] } = {}): Promise<GuideNode> {
    const home = join(this.rig.folder, node);
    await makeSandbox(home, release, ...sandbox);
    return this.serve({ node, product: 'orchat', home, labels });
  }

  /** An agent for a home that is there already, which has announced it when this resolves. */
  async serve(served: ServedNode, from = mirror): Promise<GuideNode> {
    const one = new GuideNode(this, served.node, served.home, served.product);
    await this.rig.addAgent(`agent-${served.node}`, [served], { mirror: from });
    await this.until(async () => {
      const { state } = await this.rig.book.node(served.node);
      return state.status === 'registered' && state.version !== null;
    }, one);
    return one;
  }

  /** Lets plans for the product pass what a rule would refuse. */
  async except(rule: string): Promise<void> {
    const granted = await this.rig.bus.execute(new GrantException(this.rig.person(), { rule, scope: { product: 'orchat', version: null, node: null, rollout: null }, reason: 'what the guide says is tried', until: '2999-01-01T00:00:00.000Z' }));
    if (!granted.ok) throw new Error(JSON.stringify(granted.refusal));
  }

  until(condition: () => Promise<boolean>, node: GuideNode): Promise<void> {
    return until(condition, passageMs, async () => JSON.stringify({ bad: await node.badSteps(), last: (await node.events()).slice(-2) }));
  }

  stop(): Promise<void> {
    return this.rig.stop();
  }
}
