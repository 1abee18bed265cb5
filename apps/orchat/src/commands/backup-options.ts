import { resolve } from 'node:path';
import type { Request } from '../command.js';
import { type Part, type Scope, parts } from '../backup/scope.js';
import { requireName } from '../backup/shelf.js';
import type { Home } from '../home.js';
import { misuse } from '../refusal.js';

export function nameOption({ command, options }: Request): string {
  const name = options.get('--name');
  if (name === undefined) throw misuse(`${command.name} needs --name=NAME`);
  return requireName(name);
}

/** The folder that holds the backups; archives lie where removing the installation does not reach. */
export function shelfOption(home: Home, { options }: Request): string {
  const destination = options.get('--destination');
  if (destination !== undefined) return resolve(destination);
  return options.has('--archive') ? home.root : home.backups;
}

export function scopeOption({ options }: Request): Scope {
  if (options.has('--data') && !options.has('--archive')) throw misuse('--data goes with --archive');
  return options.has('--data') ? 'data' : 'everything';
}

export function partOption({ options }: Request): Part {
  const only = options.get('--only');
  if (only === undefined) return 'everything';
  if (!options.has('--archive')) throw misuse('--only goes with --archive');
  const part = parts.find((one) => one === only);
  if (part === undefined) throw misuse(`--only ${only} is unknown; known are ${parts.join(', ')}`);
  return part;
}
