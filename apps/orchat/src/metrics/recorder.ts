import type { Home } from '../home.js';
import { Refusal } from '../refusal.js';
import type { Release } from '../releases.js';
import { journalRecorder } from './journal.js';
import { linesRecorder } from './lines.js';
import type { Recorder } from './record.js';

export function recorderOf(home: Home, release: Release): Recorder {
  if (release.metrics === null) {
    throw new Refusal('not-in-release', `${release.version} has no metrics`, 'Upgrade to v0.6.0 or newer.');
  }
  const { journalBytes } = release.metrics;
  return journalBytes > 0 ? journalRecorder(home, journalBytes) : linesRecorder(home);
}
