import { statSync } from 'node:fs';
import type { Context } from '../context.js';
import { shown } from '../home.js';
import { recorderOf } from '../metrics/recorder.js';
import { type Check, check } from './check.js';

/** Makes the release's metrics storage ready. This is where a home without the room for it is found out. */
export function metricsStorageCheck({ home, release }: Context): Check {
  return check('metrics-storage', () => {
    const recorder = recorderOf(home, release);
    recorder.prepare();
    const size = statSync(recorder.path, { throwIfNoEntry: false })?.size;
    return size === undefined ? 'made with the first record' : `${shown(home, recorder.path)}, ${size} bytes`;
  });
}
