import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { isRefused, makeAmendment, refuse, rolloutDecider, streamOf } from '#domain';
import type { Plan } from '#domain';
import { digestOf } from '#ledger';
import { Book } from '../book/book.js';
import type { Done, Meta, Refused } from '../book/outcome.js';
import { strategyOf, withoutUndefined } from './plan-rollout.js';
import type { StrategyWish } from './plan-rollout.js';

export interface AmendWish {
  strategy: StrategyWish;
  /** Of the nodes that still wait, those that stay; null: all. */
  nodes: string[] | null;
  reason: string;
  dryRun: boolean;
}

export type AmendOutcome = (Done & { rollout: string; digest: string; generation: number; plan: Plan | null }) | Refused;

/** Replaces the plan of a rollout by its next generation, as far as nothing has begun. */
export class AmendRollout extends Command<AmendOutcome> {
  constructor(
    readonly meta: Meta,
    readonly rollout: string,
    readonly wish: AmendWish,
  ) {
    super();
  }
}

const attemptsMax = 20;

@CommandHandler(AmendRollout)
export class AmendRolloutHandler implements ICommandHandler<AmendRollout> {
  constructor(private readonly book: Book) {}

  async execute({ meta, rollout, wish }: AmendRollout): Promise<AmendOutcome> {
    const { dryRun, ...rest } = wish;
    const asked = { type: 'amend-rollout' as const, rollout, ...rest, strategy: withoutUndefined(wish.strategy) };
    const earlier = dryRun ? undefined : await this.book.earlier(meta.command, digestOf(asked));
    if (earlier) return this.repeated(rollout, earlier);
    for (let attempt = 1; ; attempt++) {
      const { state, version } = await this.book.rollout(rollout);
      if (state.status === 'none') return { ok: false, ...refuse('rollout-unknown', { rollout }) };
      // Waves are of the nodes that wait: those of the old plan would be counted anew.
      const before = { ...state.header.strategy, waves: [] };
      const made = makeAmendment({ strategy: strategyOf(before, asked.strategy), nodes: wish.nodes }, state, digestOf);
      if (isRefused(made)) return { ok: false, refusal: made.refusal };
      const { plan, digest } = made;
      const command = { type: 'amend-rollout' as const, rollout, plan, digest, reason: wish.reason };
      const result = { rollout, digest, generation: plan.generation, plan };
      if (dryRun) return { ok: true, stream: streamOf.rollout(rollout), position: 0, version, events: [], repeated: false, ...result };
      const outcome = await this.book.act({ stream: streamOf.rollout(rollout), decider: rolloutDecider, meta: { ...meta, ifVersion: meta.ifVersion ?? version }, asked, commands: () => [command], oneOperation: true });
      // A node was taken meanwhile: what waits is no longer what was amended.
      const moved = !outcome.ok && meta.ifVersion === undefined && outcome.refusal.code === 'version-differs' && attempt < attemptsMax;
      if (!moved) return outcome.ok ? { ...outcome, ...result } : outcome;
    }
  }

  private async repeated(rollout: string, earlier: Done | Refused): Promise<AmendOutcome> {
    if (!earlier.ok) return earlier;
    const { state } = await this.book.rollout(rollout);
    return { ...earlier, rollout, digest: state.status === 'none' ? '' : state.digest, generation: state.status === 'none' ? 0 : state.header.generation, plan: null };
  }
}
