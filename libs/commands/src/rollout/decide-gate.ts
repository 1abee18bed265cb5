import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { rolloutDecider, streamOf } from '#domain';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** A person's word on a gate: it lets pass, or the rollout goes back. */
export class DecideGate extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly rollout: string,
    /** By its place in the strategy; null where only one waits. */
    readonly gate: number | null,
    readonly accept: boolean,
    readonly reason: string,
  ) {
    super();
  }
}

@CommandHandler(DecideGate)
export class DecideGateHandler implements ICommandHandler<DecideGate> {
  constructor(private readonly book: Book) {}

  execute({ meta, rollout, gate, accept, reason }: DecideGate): Promise<Outcome> {
    const asked = { type: 'decide-gate' as const, rollout, gate, accept, reason };
    return this.book.act({
      stream: streamOf.rollout(rollout), decider: rolloutDecider, meta, asked, commands: () => [asked], oneOperation: true,
    });
  }
}
