import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { completeGate, defaultStrategy, isRefused, makePlan, rolloutDecider, streamOf } from '#domain';
import type { GateWish, Plan, RolloutStrategy } from '#domain';
import { digestOf } from '#ledger';
import { Book } from '../book/book.js';
import type { Done, Meta, Refused } from '../book/outcome.js';
import { shortIdOf } from '../book/short-id.js';

/** What is not said takes the default. */
export type StrategyWish = Partial<Omit<RolloutStrategy, 'gates'>> & { gates?: GateWish[] };

export interface PlanWish {
  product: string;
  to: string;
  /** As the asker wrote it, and the nodes it stood for when it was read. */
  selector: string;
  nodes: string[];
  strategy: StrategyWish;
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
    const rollout = shortIdOf('r', meta.command);
    // The nodes are how the selector read at that moment; a repeat may read it otherwise and is still a repeat.
    const { dryRun, nodes: _nodes, ...asked } = { ...wish, strategy: withoutUndefined(wish.strategy) };
    const earlier = dryRun ? undefined : await this.book.earlier(meta.command, digestOf(asked));
    if (earlier) return this.repeated(rollout, earlier);
    for (let attempt = 1; ; attempt++) {
      const at = meta.at ?? this.book.clock.now();
      const product = await this.book.product(wish.product);
      const policy = await this.book.policy();
      const nodes = await this.book.nodes(wish.nodes);
      const { to, selector } = wish;
      const strategy = strategyOf(defaultStrategy, asked.strategy);
      const request = { rollout, product: wish.product, to, selector, nodes: wish.nodes, strategy, method: wish.method ?? null, policy, at };
      const planned = makePlan(request, product.state, nodes, digestOf);
      if (isRefused(planned)) return { ok: false, refusal: planned.refusal };
      const { plan, digest, alreadyThere } = planned;
      const command = { type: 'plan-rollout' as const, plan, digest, alreadyThere: alreadyThere.length };
      if (dryRun) return tryOut(command, { rollout, digest, plan, alreadyThere });
      const outcome = await this.book.act({
        stream: streamOf.rollout(rollout), decider: rolloutDecider, meta, asked, commands: () => [command], oneOperation: true,
        // What the catalogue and the policy said is what the plan is made of.
        guards: [{ stream: streamOf.product(wish.product), version: product.version }, { stream: streamOf.policy(), version: policy.version }],
      });
      const groundMoved = !outcome.ok && outcome.refusal.code === 'version-differs' && attempt < attemptsMax;
      if (!groundMoved) return outcome.ok ? { ...outcome, rollout, digest, plan, alreadyThere } : outcome;
    }
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

/** What was not given stays as it is. */
export function strategyOf(before: RolloutStrategy, wish: StrategyWish): RolloutStrategy {
  const { gates, ...rest } = wish;
  return { ...before, ...rest, gates: gates?.map((gate) => completeGate(withoutUndefined(gate))) ?? before.gates };
}

/** What was not given was not asked for. */
export function withoutUndefined<T extends object>(wish: T): T {
  return Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined)) as T;
}
