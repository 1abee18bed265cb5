import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { nodeDecider, refuse, streamOf } from '#domain';
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

@CommandHandler(StartUpgrade)
export class StartUpgradeHandler implements ICommandHandler<StartUpgrade> {
  constructor(private readonly book: Book) {}

  async execute({ meta, node, rollout }: StartUpgrade): Promise<Outcome> {
    const { state } = await this.book.rollout(rollout);
    if (state.status === 'none') return { ok: false, ...refuse('rollout-unknown', { rollout }) };
    const at = state.index.get(node);
    if (at === undefined) return { ok: false, ...refuse('node-not-upgraded', { node, rollout }) };
    const route = state.routes[state.members.at(at).route]!;
    const { acceptSeconds, graceSeconds } = state.header.strategy;
    const asked = { type: 'start-upgrade' as const, node, rollout, planDigest: state.digest };
    return this.book.act({
      stream: streamOf.node(node), decider: nodeDecider, meta, asked,
      commands: (now) => [{ ...asked, route, waits: { acceptSeconds, graceSeconds }, at: now }],
    });
  }
}
