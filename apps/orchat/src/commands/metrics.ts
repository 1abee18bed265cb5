import type { Run } from '../command.js';
import { recorderOf } from '../metrics/recorder.js';
import { misuse } from '../refusal.js';
import { metricsSection, preferencesOf } from '../settings/preferences.js';
import type { Settings } from '../settings/settings.js';
import { invalidSettings, inspectSettings, openSettings, saveSettings } from '../settings/store.js';
import { setAt } from '../settings/tree.js';
import type { Context } from '../context.js';

export const run: Run = (context, { options }) => {
  const enable = options.has('--enable');
  if (enable === options.has('--status')) throw misuse('metrics needs --enable or --status');
  const recorder = recorderOf(context.home, context.release);
  const settings = enable ? openSettings(context) : readOnly(context);
  const { enabled: was, endpoint } = preferencesOf(settings).metrics!;
  const enabled = enable || was;
  if (enable && !was) {
    setAt(settings.values, `${metricsSection(settings.shape)!}.enabled`, true);
    saveSettings(context.home, settings);
  }
  const { api } = context.release.metrics!;
  const records = recorder.count();
  return {
    ok: true,
    facts: { enabled, changed: enabled !== was, api, endpoint, records },
    lines: [`Metrics are ${enabled ? 'on' : 'off'}: API v${api} at ${endpoint}, ${records} records.`],
  };
};

function readOnly(context: Context): Settings {
  const { settings, problems } = inspectSettings(context);
  if (settings === undefined || problems.length > 0) throw invalidSettings(context.home, problems);
  return settings;
}
