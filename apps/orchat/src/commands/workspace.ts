import type { Run } from '../command.js';
import { requireFeature } from '../features/probe.js';
import { analyseWorkspace } from '../features/workspace.js';
import { preferencesOf } from '../settings/preferences.js';
import { inspectSettings, invalidSettings } from '../settings/store.js';

export const run: Run = (context) => {
  requireFeature(context, 'workspace');
  const { settings, problems } = inspectSettings(context);
  if (settings === undefined || problems.length > 0) throw invalidSettings(context.home, problems);
  const { ignore, maxFiles } = preferencesOf(settings);
  const analysis = analyseWorkspace(process.cwd(), ignore, maxFiles);
  const { files, folders, bytes, byExtension, cut } = analysis;
  return {
    ok: true,
    facts: { ...analysis },
    lines: [
      `${files} files in ${folders} folders, ${bytes} bytes${cut ? ' (cut: there are more files)' : ''}`,
      ...Object.entries(byExtension).map(([extension, count]) => `  ${extension}  ${count}`),
    ],
  };
};
