import type { FactsOf, Refusal, RefusalCode } from './refusals.js';

/** What a decider answers: facts to record (none when there is nothing left to do), or a refusal. */
export type Decision<E> = { events: E[] } | { refusal: Refusal };

export function accept<E>(...events: E[]): Decision<E> {
  return { events };
}

/** The quiet answer: what was asked for is already so. */
export const nothing: Decision<never> = { events: [] };

/** The compiler asks for every fact that the refusal's texts name. */
export function refuse<Code extends RefusalCode>(code: Code, facts: FactsOf<Code>): { refusal: Refusal } {
  return { refusal: { code, facts } };
}

export function isRefused<T extends object>(answer: T | { refusal: Refusal }): answer is { refusal: Refusal } {
  return 'refusal' in answer;
}

/** The rules of one kind of stream: what a command makes of a state, and what an event makes of it. */
export interface Decider<C, S, E> {
  initial: S;
  decide(command: C, state: S): Decision<E>;
  evolve(state: S, event: E): S;
}

/** Closes a switch over a union: a new member stops the compiler here. */
export function never(value: never): never {
  throw new Error(`no case for ${JSON.stringify(value)}`);
}
