import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../command.js';
import type { Context } from '../context.js';
import { isPackaged, shown } from '../home.js';
import type { Release } from '../releases.js';
import { schemaOf } from '../settings/fields.js';
import { customMetrics, preferencesOf } from '../settings/preferences.js';
import { describeShape, needsExplicitOrigin, needsFreshInstall } from '../settings/rules.js';
import type { Settings } from '../settings/settings.js';
import { invalidSettings, readSettings } from '../settings/store.js';
import { versionOption } from './version-option.js';

export const run: Run = (context, request) => {
  const { home, release } = context;
  const to = versionOption(request, '--to') ?? release;
  const parsed = readSettings(home);
  if ('problems' in parsed) throw invalidSettings(home, parsed.problems);
  const { settings } = parsed;
  const needed = settings.shape !== to.settings;
  const manual = needed ? reasonsForCare(context, settings, to) : [];
  const way = `${describeShape(settings.shape)} to ${describeShape(to.settings)}`;
  return {
    ok: true,
    facts: {
      needed,
      fromSchema: schemaOf(settings.shape),
      toSchema: schemaOf(to.settings),
      to: to.version,
      manual,
    },
    lines: [
      needed
        ? `A migration to ${to.version} is needed: ${way}.`
        : `No migration is needed: ${to.version} works with these settings.`,
      ...manual.map((reason) => `By hand: ${reason}`),
    ],
  };
};

/** Why a person should look, though the conversion itself may run by itself. */
function reasonsForCare(context: Context, settings: Settings, to: Release): string[] {
  const metrics = customMetrics(preferencesOf(settings).metrics);
  return [
    ...wayReasons(settings, to),
    ...metrics.map((reason) => `custom metrics configuration: ${reason}`),
    ...pathReasons(context),
    ...scriptReasons(context),
  ];
}

function wayReasons({ shape }: Settings, to: Release): string[] {
  if (needsFreshInstall(shape, to)) {
    return [`settings of schema 2 are not converted: make a fresh install of ${to.version}`];
  }
  if (needsExplicitOrigin(shape, to)) {
    return [`settings of v0.5: run --migrate-config --from=v0.5 --to=${to.version}`];
  }
  return [];
}

function pathReasons({ home, self }: Context): string[] {
  const own = existsSync(home.binary) && realpathSync(home.binary) === realpathSync(self);
  const usual = own || isPackaged(self);
  return usual ? [] : [`non-standard installation path: ${shown(home, self)}`];
}

function scriptReasons({ home }: Context): string[] {
  if (!existsSync(home.integrations)) return [];
  const names = readdirSync(home.integrations).sort();
  return names.map((name) => `custom integration script: ${shown(home, join(home.integrations, name))}`);
}
