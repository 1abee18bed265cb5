import { systemClock } from './clock.js';
import type { Clock } from './clock.js';

export type LogFields = Record<string, unknown>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same logger with fields that every line carries. */
  with(fields: LogFields): Logger;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
const order: LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** One JSON object a line on standard error, so that standard output stays a program's answer. */
export function jsonLogger(
  least: LogLevel,
  base: LogFields = {},
  write: (line: string) => void = (line) => void process.stderr.write(line),
  clock: Clock = systemClock,
): Logger {
  const log = (level: LogLevel) => (message: string, fields: LogFields = {}) => {
    if (order.indexOf(level) < order.indexOf(least)) return;
    write(`${JSON.stringify({ at: clock.now(), level, message, ...base, ...flatten(fields) })}\n`);
  };
  return {
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    with: (fields) => jsonLogger(least, { ...base, ...fields }, write, clock),
  };
}

export const silentLogger: Logger = jsonLogger('error', {}, () => undefined);

function flatten(fields: LogFields): LogFields {
  const flat: LogFields = {};
  for (const [key, value] of Object.entries(fields)) flat[key] = value instanceof Error ? causeChain(value) : value;
  return flat;
}

/** The whole chain of causes on one line, the outermost first. */
export function causeChain(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error; at !== undefined && parts.length < 8; at = (at as { cause?: unknown }).cause) {
    if (!(at instanceof Error)) {
      parts.push(typeof at === 'string' ? at : JSON.stringify(at));
      break;
    }
    const inner = at instanceof AggregateError ? at.errors.map((one) => causeChain(one)).join(', ') : '';
    parts.push([at.message || at.name, inner].filter((part) => part !== '').join(': '));
  }
  return parts.join(': ');
}
