import { setTimeout as pause } from 'node:timers/promises';
import { fetchApiVersions } from './api-versions.js';
import type { ApiRange } from './api-versions.js';
import { checkSettings } from './settings.js';
import type { KafkaSettings, RetryBounds } from './settings.js';

/**
 * The requests that this room makes through kafkajs 2.2.4 with the versions that it implements
 * (src/protocol/requests). kafkajs takes the lower of its newest and the broker's newest version and never
 * looks at the broker's oldest, so a broker that has dropped the old ones is only noticed as closed
 * connections.
 */
export const requestsMade: Record<string, { key: number } & ApiRange> = {
  Produce: { key: 0, min: 0, max: 7 },
  Fetch: { key: 1, min: 0, max: 11 },
  ListOffsets: { key: 2, min: 0, max: 3 },
  Metadata: { key: 3, min: 0, max: 6 },
  OffsetCommit: { key: 8, min: 0, max: 5 },
  OffsetFetch: { key: 9, min: 1, max: 4 },
  GroupCoordinator: { key: 10, min: 0, max: 2 },
  JoinGroup: { key: 11, min: 0, max: 5 },
  Heartbeat: { key: 12, min: 0, max: 3 },
  LeaveGroup: { key: 13, min: 0, max: 3 },
  SyncGroup: { key: 14, min: 0, max: 3 },
  ApiVersions: { key: 18, min: 0, max: 2 },
  CreateTopics: { key: 19, min: 0, max: 3 },
  InitProducerId: { key: 22, min: 0, max: 1 },
  DescribeConfigs: { key: 32, min: 0, max: 2 },
};
const requestsOfSasl: typeof requestsMade = {
  SaslHandshake: { key: 17, min: 0, max: 1 },
  SaslAuthenticate: { key: 36, min: 0, max: 1 },
};

export interface BrokerCheck {
  address: string;
  /** Why this one could not be asked; the check passes when at least one could. */
  unreachable?: string;
}

/** A broker answers, but trying again will not help. */
class UnfitBrokerError extends Error {}

/**
 * Asks every broker that is listed which requests it serves.
 *
 * @param timeoutMs for each broker; all are asked at once
 * @throws when none can be reached, or one no longer serves what kafkajs would send
 */
export async function checkBroker(settings: KafkaSettings, timeoutMs = 5_000): Promise<BrokerCheck[]> {
  checkSettings(settings);
  const needed = { ...requestsMade, ...(settings.sasl ? requestsOfSasl : {}) };
  const unserved: string[] = [];
  const ask = async (address: string): Promise<BrokerCheck> => {
    try {
      const missing = missingRequests(needed, await fetchApiVersions(address, settings.tls, timeoutMs));
      if (missing.length > 0) unserved.push(`${address}: ${missing.join(', ')}`);
      return { address };
    } catch (error) {
      return { address, unreachable: (error as Error).message };
    }
  };
  const checks = await Promise.all(settings.brokers.map(ask));
  if (unserved.length > 0) {
    throw new UnfitBrokerError(
      `Kafka broker no longer serves what kafkajs 2.2.4 sends (${unserved.join('; ')})`,
    );
  }
  if (checks.every(({ unreachable }) => unreachable !== undefined)) {
    throw new Error(`No Kafka broker answers: ${checks.map(({ unreachable }) => unreachable).join('; ')}`);
  }
  return checks;
}

/**
 * Waits for a broker that answers, as long as the bounds allow.
 *
 * @param wanted false ends the waiting
 * @throws what `checkBroker` threw last; at once when a broker answers but does not serve what is needed
 */
export async function awaitBroker(
  settings: KafkaSettings,
  bounds: RetryBounds,
  wanted: () => boolean,
): Promise<void> {
  for (let retry = 0; ; retry++) {
    try {
      await checkBroker(settings);
      return;
    } catch (error) {
      if (error instanceof UnfitBrokerError || retry >= bounds.retries || !wanted()) throw error;
    }
    await pause(Math.min(bounds.maxPauseMs, bounds.firstPauseMs * 2 ** retry));
  }
}

/** Those requests for which the version that kafkajs would pick is outside what the broker serves. */
export function missingRequests(
  needed: typeof requestsMade,
  served: ReadonlyMap<number, ApiRange>,
): string[] {
  return Object.entries(needed).flatMap(([name, { key, min, max }]) => {
    const range = served.get(key);
    if (!range) return [`${name} is not served`];
    const pick = Math.min(max, range.max);
    if (pick >= range.min && pick >= min) return [];
    return [`${name} needs version ${min} to ${max}, the broker has ${range.min} to ${range.max}`];
  });
}
