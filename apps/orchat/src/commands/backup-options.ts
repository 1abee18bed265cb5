import { resolve } from 'node:path';
import type { Request } from '../command.js';
import { requireName } from '../backup/shelf.js';
import type { Home } from '../home.js';
import { misuse } from '../refusal.js';

export function nameOption({ command, options }: Request): string {
  const name = options.get('--name');
  if (name === undefined) throw misuse(`${command.name} needs --name=NAME`);
  return requireName(name);
}

/** The folder that holds the backups. */
export function shelfOption(home: Home, { options }: Request): string {
  const destination = options.get('--destination');
  return destination === undefined ? home.backups : resolve(destination);
}
