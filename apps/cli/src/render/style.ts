import { styleText } from 'node:util';
import { isSet } from '#platform';

type Colour = Parameters<typeof styleText>[0];

/** Colour for people: only on a terminal, and never against NO_COLOR (no-color.org). */
export function paint(colour: Colour, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return wantsColour(stream) ? styleText(colour, text, { validateStream: false }) : text;
}

let colourAllowed = true;

export function forbidColour(): void {
  colourAllowed = false;
}

export function wantsColour(stream: NodeJS.WriteStream): boolean {
  return colourAllowed && stream.isTTY === true && stream.getColorDepth() > 1 && !isSet('NO_COLOR');
}

const stateColours: { [state: string]: Colour } = {
  healthy: 'green', ready: 'green', upgraded: 'green', verified: 'green', succeeded: 'green', ok: 'green',
  upgrading: 'cyan', running: 'cyan', commanded: 'cyan', claimed: 'cyan', planned: 'cyan',
  'rolling-back': 'yellow', 'rolled-back': 'yellow', degraded: 'yellow', paused: 'yellow', stopping: 'yellow', partial: 'yellow', skipped: 'yellow',
  aborted: 'yellow', expired: 'yellow', 'in-review': 'magenta', pending: 'magenta', 'in-procedure': 'cyan', accepted: 'green', rejected: 'red', withdrawn: 'yellow',
  failed: 'red', unhealthy: 'red', inconsistent: 'red', astray: 'red', 'rollback-failed': 'red',
};

export function paintState(state: string): string {
  const colour = stateColours[state];
  return colour === undefined ? state : paint(colour, state);
}
