import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { ConfigError, UnsafeAddress, causeChain, exitCodes } from '#platform';
import { ledgerCommands } from './commands/ledger.js';
import { nodeCommands } from './commands/nodes.js';
import { policyCommands } from './commands/policy.js';
import { productCommands } from './commands/products.js';
import { projectionCommands } from './commands/projections.js';
import { rolloutCommands } from './commands/rollouts.js';
import { schemaCommands } from './commands/schema.js';
import { Context, root } from './context.js';
import type { GlobalOptions } from './context.js';
import { Exit, exitCodesHelp, usage } from './exit.js';
import { forbidColour, paint } from './render/style.js';
import { upgradeCommand } from './commands/upgrade.js';
import { upCommand } from './up/up.js';

function build(): Command {
  const program = new Command('rollbook');
  program
    .description('The book of record for software upgrades.')
    .version(versionOf(root), '--version', 'version of this program')
    .option('--json', 'one JSON object a line instead of text for people')
    .option('--url <address>', 'address of the service (else ROLLBOOK_URL, else this machine)')
    .option('--no-color', 'no colour, also on a terminal')
    .addHelpText('afterAll', exitCodesHelp)
    .hook('preAction', () => {
      if (program.opts<{ color: boolean }>().color === false) forbidColour();
    });
  let context: Context | undefined;
  const lazily = () => (context ??= new Context(program.opts<GlobalOptions>()));
  const groups = [nodeCommands, productCommands, policyCommands, rolloutCommands, upgradeCommand, ledgerCommands, projectionCommands, schemaCommands, upCommand];
  for (const add of groups) add(program, lazily);
  settle(program);
  return program;
}

/** What holds for every command: errors are thrown rather than printed and ending the process, and `--json` may stand anywhere. */
function settle(command: Command, name = 'rollbook'): void {
  command
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => undefined })
    .exitOverride((error) => {
      // A call without a command has shown the help.
      if (error.exitCode === 0 || error.code === 'commander.help') throw error;
      const says = error.message.replace(/^error: /, '').replace(/\n\((.*)\)$/, '. $1').replace(/[^.!?]$/, '$&.');
      throw usage(`${says} See \`${name} --help\`.`);
    });
  // It stands among the global options already.
  if (command.commands.length === 0) command.addOption(new Option('--json').hideHelp());
  for (const sub of command.commands) settle(sub, `${name} ${sub.name()}`);
}

function versionOf(checkout: string): string {
  return (JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { version: string }).version;
}

async function main(argv: string[]): Promise<void> {
  const program = build();
  program.hook('preAction', (root, action) => {
    if (action.opts<GlobalOptions>().json) root.setOptionValue('json', true);
  });
  try {
    await program.parseAsync(argv);
  } catch (error) {
    // A command line that was not understood has not come as far as its options.
    process.exitCode = report(error, argv.includes('--json'));
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
