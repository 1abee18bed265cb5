import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { policyDecider, streamOf } from '#domain';
import type { ExceptionScope } from '#domain';
import { Book } from '../book/book.js';
import { shortIdOf } from '../book/short-id.js';
import type { Done, Meta, Refused } from '../book/outcome.js';

export interface ExceptionWish {
  rule: string;
  scope: ExceptionScope;
  reason: string;
  until: string;
}

/** Lets something pass that a rule of the policy would refuse, until a moment. */
export class GrantException extends Command<(Done & { exception: string }) | Refused> {
  constructor(
    readonly meta: Meta,
    readonly wish: ExceptionWish,
  ) {
    super();
  }
}

@CommandHandler(GrantException)
export class GrantExceptionHandler implements ICommandHandler<GrantException> {
  constructor(private readonly book: Book) {}

  async execute({ meta, wish }: GrantException): Promise<(Done & { exception: string }) | Refused> {
    const id = shortIdOf('x', meta.command);
    const asked = { type: 'grant-exception' as const, id, ...wish };
    const outcome = await this.book.act({
      stream: streamOf.policy(), decider: policyDecider, meta, asked, commands: (at) => [{ ...asked, at }],
    });
    return outcome.ok ? { ...outcome, exception: id } : outcome;
  }
}
