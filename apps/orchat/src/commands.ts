import type { Command } from './command.js';
import { misuse } from './refusal.js';

type Load = Command['load'];
type Ways = Pick<Command, 'locks' | 'changes'>;

const always = () => true;
const never = () => false;
const looks: Ways = { locks: false, changes: never };
const looksAlone: Ways = { locks: true, changes: never };
const changes: Ways = { locks: true, changes: always };

const byWords = (name: string, options: string[], ways: Ways, load: Load): Command => ({
  name, words: name.split(' '), options, ...ways, load,
});

/** A command that is itself an option, as --validate-config. */
const byFlag = (flag: string, options: string[], ways: Ways, load: Load): Command => ({
  name: flag, flag, words: [], options, ...ways, load,
});

const place = ['--destination=', '--archive'];

export const commands: readonly Command[] = [
  byFlag('--help', [], looks, () => import('./commands/help.js')),
  byFlag('--version', [], looks, () => import('./commands/version.js')),
  // The health check takes the lock itself, to be able to report when it may not.
  byWords(
    'health-check',
    ['--full', '--post-upgrade', '--report'],
    { locks: false, changes: (options) => options.has('--post-upgrade') },
    () => import('./commands/health-check.js'),
  ),
  byWords('system-check', [], looks, () => import('./commands/system-check.js')),
  byWords('backup create', ['--name=', '--data', ...place], changes, () => import('./commands/backup-create.js')),
  byWords('backup show', ['--name=', ...place], looksAlone, () => import('./commands/backup-show.js')),
  byWords('backup verify', ['--name=', ...place], looksAlone, () => import('./commands/backup-verify.js')),
  byWords('backup list', ['--destination='], looksAlone, () => import('./commands/backup-list.js')),
  byWords('backup restore', ['--name=', '--latest', '--only=', ...place], changes, () =>
    import('./commands/backup-restore.js')),
  byFlag('--validate-config', [], looks, () => import('./commands/validate-config.js')),
  byFlag('--check-migration', ['--to='], looks, () => import('./commands/check-migration.js')),
  byFlag('--migrate-config', ['--from=', '--to='], changes, () => import('./commands/migrate-config.js')),
  byFlag('--secure-key', [], changes, () => import('./commands/secure-key.js')),
  byWords(
    'metrics',
    ['--enable', '--status'],
    { locks: true, changes: (options) => options.has('--enable') },
    () => import('./commands/metrics.js'),
  ),
  byFlag('--setup', [], changes, () => import('./commands/setup.js')),
  byWords('workspace analyze', [], looks, () => import('./commands/workspace.js')),
];

const prompt: Command = {
  name: 'prompt', words: [], options: [], ...changes, load: () => import('./commands/prompt.js'),
};

const groups = ['backup', 'workspace'];

/** The command that options and words mean. Words that mean none are a prompt. */
export function findCommand(flags: readonly string[], words: readonly string[]): Command {
  const flagged = commands.filter(({ flag }) => flag !== undefined && flags.includes(flag));
  if (flagged.length > 1) throw misuse(`${flagged.map(({ name }) => name).join(' and ')} exclude each other`);
  const command = flagged[0] ?? commands.find((known) => startsWith(words, known.words));
  if (command !== undefined) {
    const extra = words.slice(command.words.length);
    if (extra.length > 0) throw misuse(`${command.name} does not understand ${JSON.stringify(extra[0])}`);
    return command;
  }
  const group = groups.find((name) => words[0] === name);
  if (group !== undefined) {
    const members = commands.filter((member) => member.words[0] === group);
    throw misuse(`${group} needs one of: ${members.map((member) => member.words[1]).join(', ')}`);
  }
  if (words.length === 0) throw misuse('no command and no prompt is given');
  return prompt;
}

function startsWith(words: readonly string[], start: readonly string[]): boolean {
  return start.length > 0 && start.every((word, index) => words[index] === word);
}
