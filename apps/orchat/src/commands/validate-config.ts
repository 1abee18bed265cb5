import type { Run } from '../command.js';
import { shown } from '../home.js';
import { schemaOf } from '../settings/fields.js';
import { inspectSettings, invalidSettings } from '../settings/store.js';

export const run: Run = (context) => {
  const { home, release } = context;
  const { settings, problems, pending } = inspectSettings(context);
  const schema = settings === undefined ? null : schemaOf(settings.shape);
  if (problems.length > 0) {
    const { code, next } = invalidSettings(home, problems);
    return {
      ok: false,
      facts: { valid: false, code, schema, problems, next },
      lines: [...problems, `❌ ${shown(home, home.settings)} is not valid for ${release.version}. ${next}`],
    };
  }
  const note = pending ? `; ${release.version} converts it at the next start that writes` : '';
  const own = settings!.own.map(({ key }) => key);
  return {
    ok: true,
    facts: { valid: true, schema, pendingConversion: pending, own, problems },
    lines: [`✅ ${shown(home, home.settings)} is valid, schema ${schema}${note}`],
  };
};
