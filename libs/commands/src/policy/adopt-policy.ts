import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { completePolicy, policyDecider, streamOf } from '#domain';
import type { PartialPolicy } from '#domain';
import { digestOf } from '#ledger';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Records the policy that holds from now on; what it does not say takes the default. */
export class AdoptPolicy extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly policy: PartialPolicy,
  ) {
    super();
  }
}

@CommandHandler(AdoptPolicy)
export class AdoptPolicyHandler implements ICommandHandler<AdoptPolicy> {
  constructor(private readonly book: Book) {}

  execute({ meta, policy }: AdoptPolicy): Promise<Outcome> {
    const content = completePolicy(policy);
    const command = { type: 'adopt-policy' as const, content, digest: digestOf(content) };
    return this.book.act({ stream: streamOf.policy(), decider: policyDecider, meta, asked: command, commands: () => [command] });
  }
}
