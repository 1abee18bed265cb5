import type { Run } from '../command.js';
import { shown } from '../home.js';
import { misuse } from '../refusal.js';
import { schemaOf } from '../settings/fields.js';
import { placeKey } from '../settings/key.js';
import { describeShape, requireAllowed } from '../settings/rules.js';
import { invalidSettings, readSettings, saveConverted } from '../settings/store.js';
import { versionOption } from './version-option.js';

export const run: Run = ({ home, release }, request) => {
  const from = versionOption(request, '--from');
  const to = versionOption(request, '--to');
  if (to === undefined) throw misuse('--migrate-config needs --to=VERSION');
  const parsed = readSettings(home);
  if ('problems' in parsed) throw invalidSettings(home, parsed.problems);
  const { settings } = parsed;
  requireAllowed({ running: release, found: settings.shape, from, to });
  const changed = settings.shape !== to.settings;
  if (changed) saveConverted(home, settings, to.settings);
  if (!home.settingsElsewhere) placeKey(home, to);
  // After a broken-off attempt the file is converted already; where it came from stays the same.
  const origin = from?.settings ?? settings.shape;
  return {
    ok: true,
    facts: { fromSchema: schemaOf(origin), toSchema: schemaOf(to.settings), to: to.version, changed },
    lines: [
      changed
        ? `✅ ${shown(home, home.settings)}: ${describeShape(settings.shape)} to ${describeShape(to.settings)}`
        : `✅ ${shown(home, home.settings)} has ${describeShape(to.settings)} already`,
    ],
  };
};
