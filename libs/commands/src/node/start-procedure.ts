import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { defaultStrategy, isRefused, makeProcedure, nodeDecider, streamOf } from '#domain';
import { digestOf } from '#ledger';
import { Book } from '../book/book.js';
import type { Done, Meta, Refused } from '../book/outcome.js';
import { shortId } from '../book/short-id.js';

export type ProcedureOutcome = (Done & { id: string }) | Refused;

/** Begins a procedure of the catalogue on one node, outside any rollout. */
export class StartProcedure extends Command<ProcedureOutcome> {
  constructor(
    readonly meta: Meta,
    readonly node: string,
    readonly procedure: string,
    /** The version to end at; null: that of the procedure, or the one that the node runs. */
    readonly to: string | null,
  ) {
    super();
  }
}

const attemptsMax = 5;

@CommandHandler(StartProcedure)
export class StartProcedureHandler implements ICommandHandler<StartProcedure> {
  constructor(private readonly book: Book) {}

  async execute({ meta, node, procedure, to }: StartProcedure): Promise<ProcedureOutcome> {
    const asked = { type: 'start-procedure' as const, node, procedure, to };
    const id = shortId('p', meta.command);
    const earlier = await this.book.earlier(meta.command, digestOf(asked));
    if (earlier) return earlier.ok ? { ...earlier, id } : earlier;
    for (let attempt = 1; ; attempt++) {
      const at = meta.at ?? this.book.clock.now();
      const { state } = await this.book.node(node);
      const of = state.status === 'none' ? '' : state.product;
      const product = await this.book.product(of);
      const made = makeProcedure({ id, node, procedure, to, at }, product.state, state);
      if (isRefused(made)) return { ok: false, refusal: made.refusal };
      const { acceptSeconds, graceSeconds } = defaultStrategy;
      const outcome = await this.book.act({
        stream: streamOf.node(node), decider: nodeDecider, meta, asked,
        commands: (now) => [{ type: 'start-procedure' as const, node, procedure, id, ...made, waits: { acceptSeconds, graceSeconds }, at: now }],
        // What the catalogue said is what the steps are made of.
        guards: [{ stream: streamOf.product(of), version: product.version }],
      });
      const catalogueMoved = !outcome.ok && outcome.refusal.code === 'version-differs' && meta.ifVersion === undefined && attempt < attemptsMax;
      if (!catalogueMoved) return outcome.ok ? { ...outcome, id } : outcome;
    }
  }
}
