import { parseArguments } from './arguments.js';
import type { Request } from './command.js';
import type { Context, Outcome } from './context.js';
import { homeOf } from './home.js';
import { withLock } from './lock.js';
import { writeLog } from './log.js';
import { type Refusal, asRefusal, exitCodes } from './refusal.js';
import type { Release } from './releases.js';

/** Runs one command line from its arguments to its exit code. */
export async function run(
  release: Release,
  args: string[],
  self: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const json = args.includes('--json');
  // A reader like grep -q may go before all is written.
  process.stdout.on('error', () => undefined);
  try {
    const request = parseArguments(args);
    const outcome = await perform({ release, home: homeOf(env), self, json, env }, request);
    print(outcome, json);
    process.exitCode = outcome.ok ? exitCodes.ok : exitCodes.refused;
  } catch (error) {
    const refusal = asRefusal(error);
    printRefusal(refusal, json);
    process.exitCode = refusal.exit;
  }
}

async function perform(context: Context, request: Request): Promise<Outcome> {
  const { command, options } = request;
  const { run: work } = await command.load();
  const logged = async () => {
    try {
      const outcome = await work(context, request);
      if (command.changes(options)) log(context, request, effectOf(outcome));
      return outcome;
    } catch (error) {
      if (command.changes(options)) log(context, request, asRefusal(error).code);
      throw error;
    }
  };
  return command.locks ? withLock(context.home, logged) : logged();
}

/** A command that found everything as it should be did nothing, and the log says so. */
function effectOf({ ok, facts }: Outcome): string {
  if (!ok) return 'failed';
  return facts.changed === false ? 'unchanged' : 'ok';
}

function log({ home, release }: Context, { command, options, text }: Request, outcome: string): void {
  const args = [...options].map(([name, value]) => (value === '' ? name : `${name}=${value}`));
  writeLog(home, {
    at: new Date().toISOString(),
    pid: process.pid,
    version: release.version,
    command: command.name,
    args: text === '' ? args : [...args, text],
    outcome,
    environment: home.environment,
  });
}

function print({ ok, facts, lines }: Outcome, json: boolean): void {
  if (json) process.stdout.write(`${JSON.stringify({ ok, ...facts })}\n`);
  else if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
}

function printRefusal({ code, message, next, facts }: Refusal, json: boolean): void {
  if (json) process.stdout.write(`${JSON.stringify({ ok: false, code, message, next, ...facts })}\n`);
  process.stderr.write(`orchat: ${message}. ${next}\n`);
}
