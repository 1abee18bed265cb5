/**
 * The nature of an error, whatever carries it: `malformed` and `invalid` the asker's words; `unknown` names nothing that
 * exists; `conflict` and `stale` the state; `unauthenticated` and `forbidden` the asker; `too-large`; `not-yet` a wait
 * that may be repeated; `unavailable` and `fault` ours.
 */
export type ErrorKind =
  | 'malformed' | 'invalid' | 'unknown' | 'conflict' | 'stale' | 'reused' | 'unauthenticated' | 'forbidden' | 'too-large' | 'not-yet'
  | 'unavailable' | 'fault';

/** What each kind is over HTTP, and as the exit code of a command line. */
export const errorTable: Record<ErrorKind, { status: number; title: string; exit: number }> = {
  malformed: { status: 400, title: 'The request cannot be read', exit: 2 },
  invalid: { status: 422, title: 'The request asks for what cannot be', exit: 1 },
  unknown: { status: 404, title: 'Not found', exit: 1 },
  conflict: { status: 409, title: 'The state does not allow it', exit: 1 },
  stale: { status: 412, title: 'It has changed meanwhile', exit: 1 },
  reused: { status: 422, title: 'The idempotency key was used for something else', exit: 1 },
  unauthenticated: { status: 401, title: 'Not signed in', exit: 1 },
  forbidden: { status: 403, title: 'Not allowed', exit: 1 },
  'too-large': { status: 413, title: 'Too large', exit: 1 },
  'not-yet': { status: 503, title: 'Not yet', exit: 1 },
  unavailable: { status: 503, title: 'Unavailable', exit: 4 },
  fault: { status: 500, title: 'Something went wrong here', exit: 4 },
};

/** Exit codes of the command line. */
export const exitCodes = { done: 0, refused: 1, usage: 2, rolloutNotSucceeded: 3, unreachable: 4, verificationFailed: 5 } as const;
