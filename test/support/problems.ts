import type { Answer } from './http.js';
import type { TestService } from './service.js';

export interface Problem {
  code: string;
  detail: string;
  next: string;
  [fact: string]: unknown;
}

/** Asks for what must be refused: a problem as RFC 9457 has it, with what to do next, and nothing in the ledger. */
export async function expectProblem(service: TestService, ask: Promise<Answer>, status: number, code: string): Promise<Problem> {
  const before = await service.size();
  const answer = await ask;
  const problem = answer.body as Problem;
  // The code first: it says more than a number when it is another one.
  expect([problem?.code, answer.status]).toEqual([code, status]);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(problem).toMatchObject({ type: `urn:rollbook:problem:${code}`, status, title: expect.stringMatching(/\S/) as string });
  expect(problem['instance']).toMatch(/^\//);
  expect(problem.detail).toMatch(/\S/);
  expect(problem.next).toMatch(/^[A-Z].*\S/);
  // A fact that was not given would stand there in braces, or as null.
  expect(`${problem.detail} ${problem.next}`).not.toMatch(/\{\w+\}|\bnull\b|undefined|\[object/);
  expect(await service.size()).toBe(before);
  return problem;
}
