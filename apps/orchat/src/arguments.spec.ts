import { parseArguments } from './arguments.js';

function parsed(...args: string[]) {
  const { command, options, text } = parseArguments(args);
  return { name: command.name, options: Object.fromEntries(options), text };
}

describe('the arguments', () => {
  it.each<[string[], string, Record<string, string>, string]>([
    [['backup', 'create', '--name=b'], 'backup create', { '--name': 'b' }, ''],
    [['--json', 'backup', 'create', '--name', 'b'], 'backup create', { '--json': '', '--name': 'b' }, ''],
    [['backup', '--latest', 'restore'], 'backup restore', { '--latest': '' }, ''],
    [['--migrate-config', '--to=v0.7'], '--migrate-config', { '--to': 'v0.7' }, ''],
    [['Test basic functionality'], 'prompt', {}, 'Test basic functionality'],
    [['what', 'is', 'this', '--json'], 'prompt', { '--json': '' }, 'what is this'],
    [['--', '--version', 'of', 'what'], 'prompt', {}, '--version of what'],
    [['-h'], '--help', {}, ''],
    [['backup', 'create', '--help'], '--help', {}, ''],
  ])('%j mean %s', (args, name, options, text) => {
    expect(parsed(...args)).toEqual({ name, options, text });
  });

  it.each([
    [['backup', 'create', '--name', '--json'], '--name needs a value'],
    [['backup', 'create', '--name='], '--name needs a value'],
    [['backup', 'create', '--name=a', '--name=b'], '--name is given twice'],
    [['system-check', '--json=yes'], '--json takes no value'],
    [['Hello', '--name=b'], 'prompt has no option --name'],
    [['workspace'], 'workspace needs one of: analyze'],
  ])('%j are misuse', (args, message) => {
    expect(() => parseArguments(args)).toThrow(message);
  });
});
