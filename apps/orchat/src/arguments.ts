import type { Command, Request } from './command.js';
import { commands, findCommand } from './commands.js';
import { misuse } from './refusal.js';

/** Reads the arguments. An option's value follows after = or as the next argument. */
export function parseArguments(args: readonly string[]): Request {
  const given = new Map<string, string | undefined>();
  const words: string[] = [];
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      words.push(...rest.splice(0));
    } else if (word.startsWith('-') && word !== '-') {
      const [name, value] = splitOption(word);
      if (given.has(name)) throw misuse(`${name} is given twice`);
      const follows = takesValue(name) && rest[0]?.startsWith('-') === false;
      given.set(name, value ?? (follows ? rest.shift() : undefined));
    } else {
      words.push(word);
    }
  }
  if (given.has('--help')) return { command: findCommand(['--help'], []), options: new Map(), text: '' };
  const command = findCommand([...given.keys()], words);
  return { command, options: optionsFor(command, given), text: words.slice(command.words.length).join(' ') };
}

function splitOption(word: string): [string, string | undefined] {
  if (word === '-h') return ['--help', undefined];
  const at = word.indexOf('=');
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function takesValue(name: string): boolean {
  return commands.some(({ options }) => options.includes(`${name}=`));
}

function optionsFor(command: Command, given: Map<string, string | undefined>): Map<string, string> {
  const options = new Map<string, string>();
  for (const [name, value] of given) {
    if (name === command.flag) continue;
    const isSwitch = command.options.includes(name) || name === '--json';
    const isValue = command.options.includes(`${name}=`);
    if (!isSwitch && !isValue) throw misuse(`${command.name} has no option ${name}`);
    if (isSwitch && value !== undefined) throw misuse(`${name} takes no value`);
    if (isValue && (value === undefined || value === '')) throw misuse(`${name} needs a value`);
    options.set(name, value ?? '');
  }
  return options;
}
