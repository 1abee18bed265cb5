import { errorTable } from '#platform';
import type { ErrorKind } from '#platform';
import { refusalText } from '#commands';
import type { Refused } from '#commands';

/** An error as RFC 9457 has it, with a stable `code`, what to do `next`, and the facts of the case. */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  next: string;
  [fact: string]: unknown;
}

/** Thrown anywhere behind the door; the filter writes it as application/problem+json. */
export class Problem extends Error {
  readonly body: ProblemBody;

  constructor(
    readonly kind: ErrorKind,
    code: string,
    detail: string,
    next: string,
    facts: object = {},
  ) {
    super(detail);
    const { status, title } = errorTable[kind];
    this.body = { ...facts, type: `urn:rollbook:problem:${code}`, title, status, detail, code, next };
  }
}

export function problemOf(refusal: Refused['refusal']): Problem {
  const { kind, says, next } = refusalText(refusal);
  return new Problem(kind, refusal.code, says, next, refusal.facts);
}

/** What a query answered, or the problem it refused with. */
export function orProblem<T extends object>(answer: T): Exclude<T, { refusal: unknown }> {
  if ('refusal' in answer) throw problemOf(answer.refusal as Refused['refusal']);
  return answer as Exclude<T, { refusal: unknown }>;
}
