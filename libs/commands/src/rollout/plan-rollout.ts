import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { defaultStrategy, isRefused, makePlan, nodeDecider, rolloutDecider, streamOf } from '#domain';
import type { NodeState, Plan, RolloutStrategy } from '#domain';
import { digestOf } from '#ledger';
import { Book } from '../book/book.js';
import { shortId } from '../book/short-id.js';
import type { Done, Meta, Refused } from '../book/outcome.js';

export interface PlanWish {
  product: string;
  to: string;
  /** As the asker wrote it, and the nodes it stood for when it was read. */
  selector: string;
  nodes: string[];
  strategy: Partial<Omit<RolloutStrategy, 'kind'>>;
  /** How releases are put in place; absent: as suits each node best. */
  method?: string | null;
  dryRun: boolean;
}

export type PlanOutcome = (Done & { rollout: string; digest: string; plan: Plan | null; alreadyThere: string[] }) | Refused;

/** Plans a rollout and records the plan, or with `dryRun` only shows what would be recorded. */
export class PlanRollout extends Command<PlanOutcome> {
  constructor(
    readonly meta: Meta,
    readonly wish: PlanWish,
  ) {
    super();
  }
}

const attemptsMax = 5;

@CommandHandler(PlanRollout)
export class PlanRolloutHandler implements ICommandHandler<PlanRollout> {
  constructor(private readonly book: Book) {}

  async execute({ meta, wish }: PlanRollout): Promise<PlanOutcome> {
    const rollout = shortId('r', meta.command);
    // The nodes are how the selector read at that moment; a repeat may read it otherwise and is still a repeat.
    const { dryRun, nodes: _nodes, ...asked } = { ...wish, strategy: withoutUndefined(wish.strategy) };
    const earlier = dryRun ? undefined : await this.book.earlier(meta.command, digestOf(asked));
    if (earlier) return this.repeated(rollout, earlier);
    for (let attempt = 1; ; attempt++) {
      const at = meta.at ?? this.book.clock.now();
      const product = await this.book.product(wish.product);
      const nodes = await this.nodesOf(wish.nodes);
      const { to, selector } = wish;
      const request = { rollout, product: wish.product, to, selector, nodes: wish.nodes, strategy: { ...defaultStrategy, ...asked.strategy }, method: wish.method ?? null, at };
      const planned = makePlan(request, product.state, nodes, digestOf);
      if (isRefused(planned)) return { ok: false, refusal: planned.refusal };
      const { plan, digest, alreadyThere } = planned;
      const command = { type: 'plan-rollout' as const, plan, digest, alreadyThere: alreadyThere.length };
      if (dryRun) return tryOut(command, { rollout, digest, plan, alreadyThere });
      const outcome = await this.book.act({
        stream: streamOf.rollout(rollout), decider: rolloutDecider, meta, asked, commands: () => [command], oneOperation: true,
        // What the catalogue said is what the plan is made of.
        guards: [{ stream: streamOf.product(wish.product), version: product.version }],
      });
      const catalogueMoved = !outcome.ok && outcome.refusal.code === 'version-differs' && attempt < attemptsMax;
      if (!catalogueMoved) return outcome.ok ? { ...outcome, rollout, digest, plan, alreadyThere } : outcome;
    }
  }

  private async nodesOf(names: string[]): Promise<Map<string, NodeState>> {
    const states = await this.book.states(nodeDecider, [...new Set(names)].map(streamOf.node));
    return new Map(names.map((name) => [name, states.get(streamOf.node(name))!.state]));
  }

  private async repeated(rollout: string, earlier: Done | Refused): Promise<PlanOutcome> {
    if (!earlier.ok) return earlier;
    const { state } = await this.book.rollout(rollout);
    return { ...earlier, rollout, digest: state.status === 'none' ? '' : state.digest, plan: null, alreadyThere: [] };
  }
}

function tryOut(command: Parameters<typeof rolloutDecider.decide>[0], result: { rollout: string; digest: string; plan: Plan; alreadyThere: string[] }): PlanOutcome {
  const decided = rolloutDecider.decide(command, rolloutDecider.initial);
  if (isRefused(decided)) return { ok: false, refusal: decided.refusal };
  return { ok: true, stream: streamOf.rollout(result.rollout), position: 0, version: 0, events: decided.events, repeated: false, ...result };
}

/** What was not given takes the default. */
function withoutUndefined(strategy: PlanWish['strategy']): PlanWish['strategy'] {
  return Object.fromEntries(Object.entries(strategy).filter(([, value]) => value !== undefined));
}
