import type { Context, Outcome } from './context.js';

export type Run = (context: Context, request: Request) => Outcome | Promise<Outcome>;

/** What the command line knows of a command before it is loaded. */
export interface Command {
  name: string;
  /** The option that is the command, as in --validate-config. */
  flag?: string;
  words: string[];
  /** Allowed options besides --json; a trailing = means that a value follows. */
  options: string[];
  /** Runs alone in its home. */
  locks: boolean;
  /** Changes the home, and so leaves a line in the log. */
  changes: (options: Map<string, string>) => boolean;
  /** Loaded when it is wanted, so that starting stays quick. */
  load: () => Promise<{ run: Run }>;
}

/** A command line that was understood. */
export interface Request {
  command: Command;
  options: Map<string, string>;
  /** What stood there besides command and options: a prompt. */
  text: string;
}
