import { join } from 'node:path';
import type { Context } from '../context.js';
import { type Entry, encodeEntry } from '../history/format.js';
import { lastEntry, remember } from '../history/store.js';
import { recorderOf } from '../metrics/recorder.js';
import { Refusal } from '../refusal.js';
import type { Feature } from '../releases.js';
import type { Preferences } from '../settings/preferences.js';
import { piecesOf } from './answer.js';
import { analyseWorkspace } from './workspace.js';

export interface Probe {
  ok: boolean;
  message: string;
}

/** The feature that a prompt asks to be tested; any other prompt uses the basic one. */
export function featureOf(prompt: string): Feature {
  const match = /^test (basic|streaming|history|workspace|metrics) functionality$/i.exec(prompt.trim());
  return match ? (match[1]!.toLowerCase() as Feature) : 'basic';
}

export function requireFeature({ release }: Context, feature: Feature): void {
  if (release.features.includes(feature)) return;
  const next = `It has: ${release.features.join(', ')}.`;
  throw new Refusal('not-in-release', `${release.version} has no ${feature} feature`, next, { feature });
}

/** Uses the feature for real and looks whether it did what it should. */
export function probe(context: Context, feature: Feature, preferences: Preferences, entry: Entry): Probe {
  switch (feature) {
    case 'basic':
      return { ok: entry.answer !== '', message: 'answered' };
    case 'streaming': {
      const pieces = piecesOf(entry.answer ?? '');
      const whole = pieces.length > 1 && pieces.join('') === entry.answer;
      return { ok: whole, message: `${pieces.length} pieces` };
    }
    case 'history':
      return probeHistory(context, preferences, entry);
    case 'workspace': {
      const { files, folders } = analyseWorkspace(process.cwd(), preferences.ignore, preferences.maxFiles);
      return { ok: folders > 0, message: `${files} files in ${folders} folders` };
    }
    case 'metrics':
      return probeMetrics(context, preferences);
  }
}

/** Writes and reads back; in a scratch file where the person has the history switched off. */
function probeHistory({ home, release }: Context, { history }: Preferences, entry: Entry): Probe {
  const place = history ? home : { ...home, history: join(home.scratch, 'history') };
  remember(place, release, entry);
  const read = lastEntry(place);
  const same = read !== undefined && encodeEntry(read, 1) === encodeEntry(entry, 1);
  return { ok: same, message: 'written and read back' };
}

function probeMetrics({ home, release }: Context, { metrics }: Preferences): Probe {
  if (metrics?.enabled !== true) {
    const next = 'Run orchat metrics --enable.';
    throw new Refusal('metrics-off', 'metrics are switched off', next, { feature: 'metrics' });
  }
  const recorder = recorderOf(home, release);
  recorder.prepare();
  const before = recorder.count();
  const record = { at: new Date().toISOString(), name: 'prompts', value: 1, labels: metrics.labels };
  recorder.add(record);
  const ok = recorder.count() === before + 1 && recorder.last()?.at === record.at;
  return { ok, message: `record ${before + 1} written and read back` };
}
