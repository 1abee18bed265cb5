import type { Home } from './home.js';
import { addLines } from './writes.js';

/** What a command did to the home. The outcome is ok, unchanged, failed, or the code of the refusal. */
export interface LogLine {
  at: string;
  pid: number;
  version: string;
  command: string;
  args: string[];
  outcome: string;
  /** What ORCHAT_ENV says; left out where it says nothing. */
  environment?: string;
}

export function writeLog(home: Home, line: LogLine): void {
  try {
    addLines(home, home.log, `${JSON.stringify(line)}\n`);
  } catch {
    // On a full or closed home the command has told its own outcome; that must not be hidden by the log's.
  }
}
