/** Something of the machine that a suite cannot do without. */
export interface Need {
  /** In a few words, as in "needs a browser". */
  what: string;
  /** Why it is not there; undefined when it is. */
  reason: string | undefined;
  /** With this variable set to 1 the suite fails instead of being skipped. */
  variable: string;
  /** Makes ready what the tests use, within a time. */
  before?: () => Promise<void>;
  limitMs?: number;
}

/** A `describe` for where the need is met. Elsewhere it is listed as skipped with the reason in its name, or fails. */
export function describeNeeding(name: string, { what, reason, variable, before, limitMs }: Need, tests: () => void): void {
  if (reason !== undefined && process.env[variable] !== '1') {
    // Jest does not name a file all of whose tests are skipped.
    process.stderr.write(`Skipped: ${name}: ${reason}\n`);
    describe.skip(`${name} (skipped: ${reason})`, () => {
      it(`needs ${what}`, () => undefined);
    });
    return;
  }
  describe(name, () => {
    beforeAll(async () => {
      if (reason !== undefined) throw new Error(`${variable}=1, but ${reason}`);
      await before?.();
    }, limitMs);
    tests();
  });
}
