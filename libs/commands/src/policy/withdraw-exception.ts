import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { policyDecider, streamOf } from '#domain';
import { Book } from '../book/book.js';
import type { Meta, Outcome } from '../book/outcome.js';

/** Ends an exception before its time; plans that rest on it stay as they were made. */
export class WithdrawException extends Command<Outcome> {
  constructor(
    readonly meta: Meta,
    readonly exception: string,
    readonly reason: string,
  ) {
    super();
  }
}

@CommandHandler(WithdrawException)
export class WithdrawExceptionHandler implements ICommandHandler<WithdrawException> {
  constructor(private readonly book: Book) {}

  execute({ meta, exception, reason }: WithdrawException): Promise<Outcome> {
    const asked = { type: 'withdraw-exception' as const, id: exception, reason };
    return this.book.act({ stream: streamOf.policy(), decider: policyDecider, meta, asked, commands: () => [asked] });
  }
}
