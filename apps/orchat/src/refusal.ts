export const exitCodes = { ok: 0, refused: 1, usage: 2 } as const;

/** An expected failure: what is wrong, and what the person should do next. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly next: string,
    readonly facts: Record<string, unknown> = {},
  ) {
    super(message);
  }

  get exit(): number {
    return this.code === 'usage' ? exitCodes.usage : exitCodes.refused;
  }
}

export function misuse(message: string): Refusal {
  return new Refusal('usage', message, 'See orchat --help.');
}

/** Turns whatever was thrown into a refusal, so that a person never meets a stack trace. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const { code, message, path } = error as NodeJS.ErrnoException;
  const where = path ?? 'a file';
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new Refusal('permission-denied', `no permission to use ${where}`, 'Check owner and mode.');
    case 'ENOSPC':
    case 'EDQUOT':
      return new Refusal('disk-full', `the disk has no room for ${where}`, 'Free some space and try again.');
    default:
      return new Refusal('unexpected', message, 'Run orchat health-check --full to look for the cause.');
  }
}
