import { exitCodes } from '#platform';

/** An end of the command line that is foreseen: one line for people, and an exit code that scripts rely on. */
export class Exit extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly facts: { [name: string]: unknown } = {},
  ) {
    super(message);
  }
}

export const refused = (message: string, facts?: { [name: string]: unknown }) => new Exit(exitCodes.refused, message, facts);
export const unreachable = (message: string) => new Exit(exitCodes.unreachable, message);
export const usage = (message: string) => new Exit(exitCodes.usage, message);

export const exitCodesHelp = `
Exit codes:
  0  done
  1  refused: the refusal's code and what to do next are printed
  2  the command line was not understood
  3  the rollout ended failed, aborted or rolled back, in whole or in part
  4  the service or the database cannot be reached
  5  verification failed
`;
