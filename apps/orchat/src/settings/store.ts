import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../context.js';
import { type Home, shown } from '../home.js';
import { Refusal } from '../refusal.js';
import type { Release, Shape } from '../releases.js';
import { writeWhole } from '../writes.js';
import { convert } from './conversion.js';
import { schemaOf } from './fields.js';
import { placeKey } from './key.js';
import { describeShape } from './rules.js';
import { type Parsed, type Settings, parseSettings, renderSettings } from './settings.js';

export interface Inspection {
  settings: Settings | undefined;
  /** Why this release cannot work with the file; empty when it can. */
  problems: string[];
  /** The file is older, and the next start that may change the home converts it. */
  pending: boolean;
}

export function readSettings(home: Home): Parsed {
  if (!existsSync(home.settings)) return { problems: [`${shown(home, home.settings)} is missing`] };
  return parseSettings(readFileSync(home.settings, 'utf8'));
}

export function inspectSettings({ home, release }: Context): Inspection {
  const parsed = readSettings(home);
  if ('problems' in parsed) return { settings: undefined, problems: parsed.problems, pending: false };
  const { settings } = parsed;
  const pending = release.convertsAtStart.includes(settings.shape);
  const usable = pending || settings.shape === release.settings;
  return { settings, pending, problems: usable ? [] : [foreignShape(settings.shape, release)] };
}

function foreignShape(found: Shape, release: Release): string {
  const wanted = describeShape(release.settings);
  return `schema: the file has ${describeShape(found)}, ${release.version} works with ${wanted}`;
}

/** The settings for a start that may change the home: it converts an older file where the release does so. */
export function openSettings(context: Context): Settings {
  const { home, release } = context;
  const { settings, problems, pending } = inspectSettings(context);
  if (settings && home.settingsElsewhere && release.reads.includes(settings.shape)) {
    return converted(settings, release.settings);
  }
  if (settings === undefined || problems.length > 0) throw invalidSettings(home, problems);
  placeKey(home, release);
  return pending ? saveConverted(home, settings, release.settings) : settings;
}

export function invalidSettings(home: Home, problems: string[]): Refusal {
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  const missing = problems[0]!.endsWith('is missing') && !existsSync(home.settings);
  return new Refusal(
    missing ? 'settings-missing' : 'settings-invalid',
    missing ? problems[0]! : `${shown(home, home.settings)}: ${problems[0]}${more}`,
    missing
      ? 'Run orchat --setup to write it.'
      : 'Correct the file, convert it with orchat --migrate-config, or move it away and run orchat --setup.',
    { problems },
  );
}

export function converted(settings: Settings, to: Shape): Settings {
  const result = convert(settings, to);
  if ('settings' in result) return result.settings;
  throw new Refusal(
    'would-lose-settings',
    `${describeShape(settings.shape)} to ${describeShape(to)} would lose: ${result.losses.join('; ')}`,
    'Set these to their defaults or rename them first, or restore a backup.',
    { losses: result.losses },
  );
}

/** Converts and saves, keeping the file as it was beside the new one. */
export function saveConverted(home: Home, settings: Settings, to: Shape): Settings {
  const result = converted(settings, to);
  keepOriginal(home, settings.shape);
  saveSettings(home, result);
  return result;
}

export function saveSettings(home: Home, settings: Settings): void {
  const mode = statSync(home.settings, { throwIfNoEntry: false })?.mode;
  writeWhole(home, home.settings, renderSettings(settings), mode === undefined ? 0o600 : mode & 0o777);
}

function keepOriginal(home: Home, shape: Shape): void {
  setAside(home, `schema${schemaOf(shape)}`);
}

/** Copies the settings to settings.<label>.json, or to a numbered name where another file has that one. */
export function setAside(home: Home, label: string): string {
  const original = readFileSync(home.settings);
  for (let number = 1; ; number++) {
    const name = number === 1 ? label : `${label}.${number}`;
    const path = join(home.settings, '..', `settings.${name}.json`);
    if (existsSync(path) && !readFileSync(path).equals(original)) continue;
    if (!existsSync(path)) writeWhole(home, path, original, 0o600);
    return path;
  }
}
