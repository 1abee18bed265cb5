import type { Run } from '../command.js';
import { answerTo, piecesOf } from '../features/answer.js';
import { featureOf, probe, requireFeature } from '../features/probe.js';
import { remember } from '../history/store.js';
import { preferencesOf } from '../settings/preferences.js';
import { openSettings } from '../settings/store.js';
import { Refusal, misuse } from '../refusal.js';
import type { Feature } from '../releases.js';

export const run: Run = (context, { text }) => {
  if (text.trim() === '') throw misuse('the prompt is empty');
  const { home, release, json } = context;
  const feature = featureOf(text);
  requireFeature(context, feature);
  const preferences = preferencesOf(openSettings(context));
  const answer = answerTo(text, preferences);
  const kept = preferences.keepAnswers ? answer : null;
  const entry = { at: new Date().toISOString(), prompt: text, answer: kept };
  const { ok, message } = tested(feature, () => probe(context, feature, preferences, { ...entry, answer }));
  // The history feature has written its entry in being tested.
  if (preferences.history && feature !== 'history') remember(home, release, entry);
  const streamed = !json && feature === 'streaming';
  if (streamed) for (const piece of piecesOf(answer)) process.stdout.write(piece);
  return {
    ok,
    facts: { feature, answer, message },
    lines: [streamed ? '' : answer, ...(ok ? [] : [`❌ the ${feature} feature does not work: ${message}`])],
  };
};

/** A refused test still tells which feature it was about. */
function tested<T>(feature: Feature, test: () => T): T {
  try {
    return test();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(error.code, error.message, error.next, { feature, ...error.facts });
  }
}
