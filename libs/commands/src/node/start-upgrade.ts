import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { nodeDecider, refuse, streamOf } from '#domain';
import { digestOf } from '#ledger';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Begins a node's passage as its rollout planned it. */
export class StartUpgrade extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly node: string,
    readonly rollout: string,
  ) {
    super();
  }
}

/** How often it is decided anew because the rollout moved; each time another of its nodes has come further. */
const attemptsMax = 50;

@CommandHandler(StartUpgrade)
export class StartUpgradeHandler implements ICommandHandler<StartUpgrade> {
  constructor(private readonly book: Book) {}

  async execute({ meta, node, rollout }: StartUpgrade): Promise<Outcome> {
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const { state, version } = await this.book.rollout(rollout);
      if (state.status === 'none') return { ok: false, ...refuse('rollout-unknown', { rollout }) };
      const at = state.index.get(node);
      if (at === undefined) return { ok: false, ...refuse('node-not-upgraded', { node, rollout }) };
      const member = state.members.at(at);
      const asked = { type: 'start-upgrade' as const, node, rollout, planDigest: state.digest };
      if (member.place !== 'under-way') {
        // A node whose part is over, or has not begun, would be upgraded without its rollout counting it.
        return (await this.book.earlier(meta.command, digestOf(asked))) ?? { ok: false, ...refuse('node-not-admitted', { node, rollout }) };
      }
      const route = state.routes[member.route]!;
      const { acceptSeconds, graceSeconds } = state.header.strategy;
      const outcome = await this.book.act({
        stream: streamOf.node(node), decider: nodeDecider, meta, asked, guards: [{ stream: streamOf.rollout(rollout), version }],
        commands: (now) => [{ ...asked, route, waits: { acceptSeconds, graceSeconds }, at: now }],
      });
      const moved = !outcome.ok && outcome.refusal.code === 'version-differs' && outcome.refusal.facts['stream'] === streamOf.rollout(rollout);
      if (!moved) return outcome;
    }
    throw new Error(`${streamOf.rollout(rollout)} kept changing while the upgrade of ${node} was decided`);
  }
}
