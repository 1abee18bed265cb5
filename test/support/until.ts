const lookEveryMs = 25;

/** Looks again and again until the condition holds; throws at the limit, with what was there to see. */
export async function until(condition: () => boolean | Promise<boolean>, limitMs: number, seen: () => string | Promise<string> = () => ''): Promise<void> {
  for (const end = performance.now() + limitMs; ; ) {
    if (await condition()) return;
    if (performance.now() > end) throw new Error(`still not so after ${limitMs} ms. ${await seen()}`);
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}
