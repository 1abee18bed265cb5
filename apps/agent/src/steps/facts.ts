import { isFacts } from '#messaging';
import type { Expect, FactSource } from '#messaging';

export type FactValue = string | number | boolean | string[];

/** Why a result is not what a step expects; undefined when it is. */
export function unmet(expect: Expect, exit: number | null, stdout: string | undefined): string | undefined {
  if (expect.exit !== null && exit !== expect.exit) return 'exit-code';
  if (expect.stdout === null && Object.keys(expect.json).length === 0) return undefined;
  if (stdout === undefined) return 'output-too-large';
  if (expect.stdout !== null && !new RegExp(expect.stdout, 'm').test(stdout)) return 'output-unexpected';
  const json = parse(stdout);
  const wrong = Object.entries(expect.json).some(([path, value]) => at(json, path) !== value);
  return wrong ? 'output-unexpected' : undefined;
}

/** The facts that can be read and told; one that cannot is left out, and the service then misses it. */
export function readFacts(sources: { [name: string]: FactSource }, stdout: string | undefined): { [name: string]: FactValue } {
  const facts: { [name: string]: FactValue } = {};
  if (stdout === undefined) return facts;
  const json = parse(stdout);
  for (const [name, source] of Object.entries(sources)) {
    const value = 'json' in source ? at(json, source.json) : new RegExp(source.match, 'm').exec(stdout)?.[1];
    if (value === undefined) continue;
    const more = { ...facts, [name]: value };
    if (isFacts(more)) facts[name] = more[name]!;
  }
  return facts;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function at(json: unknown, path: string): unknown {
  return path.split('.').reduce((value: unknown, key) => {
    return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as { [key: string]: unknown })[key] : undefined;
  }, json);
}
