import type { Kafka, logLevel, LogEntry, SASLOptions } from 'kafkajs';
import type { Logger } from '../logger.js';
import { checkSettings } from './settings.js';
import type { KafkaSettings, RetryBounds } from './settings.js';
import { patchKafkajs } from './shim.js';
import { SocketSwitch } from './sockets.js';

/** Where this room writes; any logger with these four will do. */
export type KafkaLogger = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** A kafkajs client of its own and the switch for its sockets. */
export interface KafkaClient {
  kafka: Kafka;
  library: typeof import('kafkajs');
  cut(reason: string): void;
}

/** Bounds for single requests and connections: about 40 s in all, and never idle for more than 3 s. */
export const requestRetry: RetryBounds = { retries: 15, firstPauseMs: 300, maxPauseMs: 3_000 };

/** How long an answer may take. */
export const requestTimeoutMs = 30_000;

/**
 * A new client. Nothing is shared between clients, so giving one up leaves the others alone; kafkajs is
 * loaded with the first.
 */
export async function openClient(
  settings: KafkaSettings,
  logger: KafkaLogger,
  retry: RetryBounds = requestRetry,
): Promise<KafkaClient> {
  checkSettings(settings);
  // The whole module: Node finds only the first of its names by themselves.
  const { default: library } = await import('kafkajs');
  patchKafkajs();
  const sockets = new SocketSwitch(settings.tls);
  const kafka = new library.Kafka({
    clientId: settings.clientId,
    brokers: [...settings.brokers],
    ssl: settings.tls !== undefined,
    ...(settings.sasl ? { sasl: { ...settings.sasl } as SASLOptions } : {}),
    connectionTimeout: 5_000,
    authenticationTimeout: 10_000,
    reauthenticationThreshold: 10_000,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: true,
    retry: retryOptions(retry),
    socketFactory: (request) => sockets.connect(request),
    logLevel: library.logLevel.INFO,
    logCreator: () => (entry) => passOn(entry, library.logLevel, logger, sockets.reason),
  });
  return { kafka, library, cut: (reason) => sockets.cut(reason) };
}

/** Everything is said, because kafkajs takes other defaults when NODE_ENV is test (src/retry/index.js). */
export function retryOptions({ retries, firstPauseMs, maxPauseMs }: RetryBounds) {
  return { retries, initialRetryTime: firstPauseMs, maxRetryTime: maxPauseMs, factor: 0.2, multiplier: 2 };
}

// The sender replaces its producer after a rejected send, which is what this warning asks for.
const knownAndMeant = new Set(['Limiting retries for the idempotent producer may invalidate EoS guarantees']);

/**
 * kafkajs calls every attempt that failed an error, also those that it repeats; whether the whole thing
 * failed is told by the sender and the receiver. So its errors come out as warnings and its news as
 * details.
 */
function passOn(
  { level, namespace, log }: LogEntry,
  levels: typeof logLevel,
  logger: KafkaLogger,
  cutBecause: string | undefined,
): void {
  const { message, timestamp: _, stack: __, ...fields } = log;
  const text = `kafkajs ${namespace}: ${message}`;
  // What breaks after the cut was meant to break.
  const loud = level <= levels.WARN && !knownAndMeant.has(message) && cutBecause === undefined;
  logger[loud ? 'warn' : 'debug'](text, fields);
}
