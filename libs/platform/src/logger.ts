import { inspect, types } from 'node:util';
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
    write(`${withoutSecrets(lineOf({ at: clock.now(), level, message, ...base, ...fields }))}\n`);
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

/** A line comes out whatever it is given: a log that throws would take down what it tells of. */
function lineOf(fields: LogFields): string {
  try {
    return JSON.stringify(fields, plain);
  } catch (error) {
    const { at, level, message } = fields;
    return JSON.stringify({ at, level, message, unprintable: causeChain(error) });
  }
}

function plain(_: string, value: unknown): unknown {
  if (isError(value)) return causeChain(value);
  return typeof value === 'bigint' ? String(value) : value;
}

/** Addresses come along in the words of others; the password in one is nobody's who reads a log. */
export function withoutSecrets(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/[^\s:@/"]*):[^\s/"]+@/gi, '$1:***@');
}

/** Also one of another realm, which is no instance of this one's class. */
function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

/** The whole chain of causes on one line, the outermost first. */
export function causeChain(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error; at !== undefined && parts.length < 8; at = (at as { cause?: unknown }).cause) {
    if (!isError(at)) {
      parts.push(typeof at === 'string' ? at : inspect(at, { breakLength: Infinity }));
      break;
    }
    const inner = at instanceof AggregateError ? at.errors.map((one) => causeChain(one)).join(', ') : '';
    parts.push([at.message || at.name, inner].filter((part) => part !== '').join(': '));
  }
  return withoutSecrets(parts.join(': '));
}
