import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { CommandBus } from '@nestjs/cqrs';
import { ImportCatalogue, PlanRollout, StartRollout, TakeReport, decode } from '#commands';
import type { Book, CheckedReport, Meta, PlanWish } from '#commands';
import { stepsOf, targetOf } from '#domain';
import type { DomainEvent, StepReport } from '#domain';
import { eventId, sha256Hex } from '#ledger';
import type { LedgerReader } from '#ledger';
import { loadCatalogue } from '#messaging';
import type { Clock } from '#platform';
import { Carrier } from '../../apps/worker/src/conductor/carrier.js';
import { reactionsTo } from '../../apps/worker/src/conductor/react.js';
import { root } from '../houserules/sources.js';

type Ordered = Extract<DomainEvent, { type: 'step.ordered' }>['data'];

/** What a simulated agent reports of an order otherwise than that it went well. `silent`: it never answers. */
export type Conduct = (order: Ordered) => Partial<StepReport> | 'silent' | undefined;

export const digest = 'd'.repeat(64);
const person = { kind: 'person', ref: 'tester' } as const;

/** Whole rollouts without a process: the conductor's own reactions, and agents that answer every order at once. */
export class Simulation {
  private readonly carrier: Carrier;
  private position = 0;
  private sequence = 0;
  private readonly incarnation = randomUUID();

  constructor(
    private readonly options: { bus: CommandBus; book: Book; reader: LedgerReader; clock: Clock },
    public conduct: Conduct = () => undefined,
  ) {
    this.carrier = new Carrier(options.bus, options.book);
  }

  meta(command: string = randomUUID()): Meta {
    return { command, actor: person };
  }

  async importCatalogue(folder = join(root, 'catalog/orchat')): Promise<void> {
    const outcome = await this.options.bus.execute(new ImportCatalogue(this.meta(), loadCatalogue(folder)));
    if (!outcome.ok) throw new Error(outcome.refusal.code);
  }

  announce(node: string, version: string | null = 'v0.6.2', labels: { [name: string]: string } = {}, product = 'orchat'): Promise<void> {
    return this.say({ kind: 'announced', node, product, labels, version, health: 'healthy' });
  }

  observe(node: string, version: string, health: 'healthy' | 'unhealthy'): Promise<void> {
    return this.say({ kind: 'observed', node, version, health });
  }

  async plan(wish: Partial<PlanWish> & { nodes: string[] }): Promise<string> {
    const whole = { product: 'orchat', to: 'v0.7.0', selector: wish.nodes.join(','), strategy: {}, dryRun: false, ...wish };
    const outcome = await this.options.bus.execute(new PlanRollout(this.meta(), whole));
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.refusal));
    return outcome.rollout;
  }

  async start(rollout: string): Promise<void> {
    const outcome = await this.options.bus.execute(new StartRollout(this.meta(), rollout, null));
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.refusal));
  }

  /** Lets everything happen that follows from what was recorded, or all in front of an event; it comes first the next time. */
  async run(before: (event: DomainEvent) => boolean = () => false): Promise<void> {
    for (;;) {
      const [stored] = await this.options.reader.read(this.position, 1);
      if (!stored) return;
      const { event, envelope } = decode(stored);
      if (before(event)) return;
      this.position = stored.position;
      this.options.book.learn([stored]);
      const from = { cause: eventId(stored), correlation: envelope.correlation };
      await this.carrier.carryOut(reactionsTo(event).map((reaction) => ({ reaction, ...from })));
      if (event.type === 'step.ordered') await this.answer(event.data);
    }
  }

  /** Plans a rollout of these nodes, starts it and sees it through. */
  async rollOut(nodes: string[], strategy: PlanWish['strategy'] = {}): Promise<string> {
    const rollout = await this.plan({ nodes, strategy });
    await this.start(rollout);
    await this.run();
    return rollout;
  }

  private async answer(order: Ordered): Promise<void> {
    const conduct = this.conduct(order);
    if (conduct === 'silent') return;
    await this.say({ kind: 'accepted', node: order.node, order: order.order });
    const { state } = await this.options.book.node(order.node);
    const passage = state.status === 'registered' && state.activity.kind === 'passage' ? state.activity.passage : undefined;
    const to = passage ? targetOf(passage, stepsOf(passage)[order.index]!) : '';
    const output = Buffer.from(`${order.runbook}/${order.step} of ${order.node}\n`);
    const at = this.options.clock.now();
    const report: StepReport = {
      outcome: 'succeeded', reason: null, startedAt: at, finishedAt: at, exit: 0, facts: goodFacts(order, to),
      output: { sha256: sha256Hex(output), bytes: output.length, truncated: false }, found: false, ...conduct,
    };
    await this.say({ kind: 'finished', node: order.node, order: order.order, report }, [output]);
  }

  private async say(part: Pick<CheckedReport, 'kind' | 'node'> & Partial<CheckedReport>, evidence: Buffer[] = []): Promise<void> {
    this.sequence += 1;
    const at = this.options.clock.now();
    const who = { site: 'local', agent: 'agent-1', incarnation: this.incarnation, sequence: this.sequence, at };
    const outcome = await this.options.bus.execute(new TakeReport({ ...who, ...part }, evidence));
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.refusal));
  }
}

/** What an agent measures when all is well. */
function goodFacts({ kind, parameters }: Ordered, to: string): StepReport['facts'] {
  switch (kind) {
    case 'health':
      return { health: 'healthy' };
    case 'backup':
    case 'archive':
      return { name: parameters['backup']!, sha256: digest, bytes: 1024 };
    case 'backup-check':
      return { sha256: digest };
    case 'migration-check':
      return { needed: true, manual: [], fromSchema: 3, toSchema: 4 };
    case 'migration':
      return { fromSchema: 3, toSchema: 4 };
    case 'install':
      // Of the release itself, or of what is put in place beside it.
      return { sha256: parameters['sha256'] ?? Object.entries(parameters).find(([name]) => name.endsWith('sha256'))![1] };
    case 'version':
      return { version: to };
    case 'config':
      return { valid: true };
    case 'restore':
      return { sha256: digest, matches: true };
    case 'baseline':
      return { medianMs: 40, runsMs: ['40'] };
    case 'validation':
      return { suite: 'all', total: 5, passed: 5, failed: 0 };
    case 'system':
    case 'feature':
      return { ok: true };
    default:
      return {};
  }
}
