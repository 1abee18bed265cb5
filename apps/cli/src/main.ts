import 'reflect-metadata';
import { Command, CommanderError } from 'commander';
import { ConfigError, UnsafeAddress, causeChain, exitCodes } from '#platform';
import { ledgerCommands } from './commands/ledger.js';
import { nodeCommands } from './commands/nodes.js';
import { policyCommands } from './commands/policy.js';
import { productCommands } from './commands/products.js';
import { projectionCommands } from './commands/projections.js';
import { rolloutCommands } from './commands/rollouts.js';
import { schemaCommands } from './commands/schema.js';
import { Context } from './context.js';
import type { GlobalOptions } from './context.js';
import { Exit, exitCodesHelp } from './exit.js';
import { forbidColour, paint } from './render/style.js';
import { upCommand } from './up/up.js';

function build(): Command {
  const program = new Command('rollbook');
  program
    .description('The book of record for software upgrades.')
    .option('--json', 'one JSON object a line instead of text for people')
    .option('--url <address>', 'address of the service (else ROLLBOOK_URL, else this machine)')
    .option('--no-color', 'no colour, also on a terminal')
    .showHelpAfterError('(--help tells what there is)')
    .addHelpText('after', exitCodesHelp)
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .hook('preAction', () => {
      if (program.opts<{ color: boolean }>().color === false) forbidColour();
    });
  let context: Context | undefined;
  const lazily = () => (context ??= new Context(program.opts<GlobalOptions>()));
  for (const add of [nodeCommands, productCommands, policyCommands, rolloutCommands, ledgerCommands, projectionCommands, schemaCommands, upCommand]) add(program, lazily);
  settle(program);
  return program;
}

/** What holds for every command: errors are thrown rather than ending the process, and `--json` may stand anywhere. */
function settle(command: Command): void {
  for (const sub of command.commands) {
    sub.exitOverride().configureHelp({ showGlobalOptions: true }).showHelpAfterError('(--help tells what there is)');
    if (sub.commands.length === 0) sub.option('--json', 'one JSON object a line').addHelpText('after', exitCodesHelp);
    settle(sub);
  }
}

async function main(argv: string[]): Promise<void> {
  const program = build();
  program.hook('preAction', (root, action) => {
    if (action.opts<GlobalOptions>().json) root.setOptionValue('json', true);
  });
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = report(error, program.opts<GlobalOptions>().json === true);
  }
}

/** One line for people, an object for programs, and the exit code that says what kind of end it was. */
function report(error: unknown, json: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  const [code, message, facts] = whatHappened(error);
  if (json) process.stdout.write(`${JSON.stringify({ error: message, exit: code, ...facts })}\n`);
  process.stderr.write(`${paint('red', 'rollbook:', process.stderr)} ${message}\n`);
  return code;
}

function whatHappened(error: unknown): [code: number, message: string, facts: object] {
  if (error instanceof Exit) return [error.code, error.message, error.facts];
  if (error instanceof ConfigError || error instanceof UnsafeAddress) return [exitCodes.usage, error.message, {}];
  return [exitCodes.unreachable, causeChain(error), {}];
}

// `rollbook ... | head` closes the pipe early; that is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}

await main(process.argv);
