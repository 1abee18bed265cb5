import { parseArgs } from 'node:util';
import { type Refusal, asRefusal, exitCodes } from './refusal.js';

/** What a program beside orchat came to. */
export interface Result {
  exit: number;
  facts: Record<string, unknown>;
  lines: string[];
}

type Options = Record<string, { type: 'string' | 'boolean' }>;
export type Given = Record<string, string | boolean | undefined>;

/** Runs a program that takes options alone: one JSON object with --json, lines for a person otherwise. */
export async function runTool(name: string, usage: string, options: Options, work: (given: Given) => Result | Promise<Result>): Promise<void> {
  const args = process.argv.slice(2);
  process.stdout.on('error', () => undefined);
  let given: Given;
  try {
    given = parseArgs({ args, options: { ...options, json: { type: 'boolean' }, help: { type: 'boolean' } } }).values;
  } catch (error) {
    process.stderr.write(`${name}: ${(error as Error).message}\n\n${usage}`);
    process.exitCode = exitCodes.usage;
    return;
  }
  if (given.help === true) return void process.stdout.write(usage);
  const json = given.json === true;
  try {
    const { exit, facts, lines } = await work(given);
    process.stdout.write(json ? `${JSON.stringify({ ok: exit === exitCodes.ok, ...facts })}\n` : `${lines.join('\n')}\n`);
    process.exitCode = exit;
  } catch (error) {
    tellRefusal(name, asRefusal(error), json);
  }
}

function tellRefusal(name: string, { code, message, next, facts, exit }: Refusal, json: boolean): void {
  if (json) process.stdout.write(`${JSON.stringify({ ok: false, code, message, next, ...facts })}\n`);
  process.stderr.write(`${name}: ${message}. ${next}\n`);
  process.exitCode = exit;
}
