import type { Admin, ITopicMetadata } from 'kafkajs';
import { setTimeout as pause } from 'node:timers/promises';
import { silentLogger } from '../logger.js';
import { openClient, requestRetry } from './client.js';
import type { KafkaClient, KafkaLogger } from './client.js';
import { reasonOf } from './reason.js';
import type { KafkaSettings, RetryBounds } from './settings.js';

const settleMs = 10_000;

export interface TopicSpec {
  topic: string;
  partitions: number;
  replication: number;
  /** Topic settings by their Kafka names, for example `retention.ms`; only these are compared. */
  config: Record<string, string>;
}

/** One thing in which an existing topic is not as it should be. */
export interface TopicDrift {
  topic: string;
  /** `partitions`, `replication`, or the name of a topic setting. */
  what: string;
  expected: string;
  actual: string;
}

/** How far a group is behind in one partition. */
export interface PartitionLag {
  topic: string;
  partition: number;
  /** The offset that the group reads next; null when it has committed none. */
  committed: number | null;
  /** The offset that the next record will get. */
  end: number;
  /** Records that are still on the broker and not committed. */
  lag: number;
}

export interface AdminOptions {
  /** Silent unless given: what fails is thrown. */
  logger?: KafkaLogger;
  /** For single connections and requests; about 40 s in all unless given. */
  requestRetry?: RetryBounds;
}

/**
 * Creates the topics that are missing and compares the others with what they should be. Never alters a
 * topic: kafkajs only has the request that replaces all settings at once, and more partitions would send
 * keys elsewhere.
 *
 * @returns the differences, none when all is well
 */
export function ensureTopics(
  settings: KafkaSettings,
  specs: readonly TopicSpec[],
  options: AdminOptions = {},
): Promise<TopicDrift[]> {
  return withAdmin(settings, options, async (admin, client) => {
    if (specs.length === 0) return [];
    const known = new Set(await admin.listTopics());
    for (const spec of specs.filter(({ topic }) => !known.has(topic))) await create(admin, spec);
    return [...(await shapeDrifts(admin, specs)), ...(await configDrifts(admin, client, specs))];
  });
}

/** How far the group is behind in every partition of the topics, in order of topic and partition. */
export function lag(
  settings: KafkaSettings,
  groupId: string,
  topics: readonly string[],
  options: AdminOptions = {},
): Promise<PartitionLag[]> {
  return withAdmin(settings, options, async (admin) => {
    const lags: PartitionLag[] = [];
    const groups = await admin.fetchOffsets({ groupId, topics: [...topics] });
    for (const topic of [...topics].sort()) {
      const offsets = groups.find((group) => group.topic === topic)?.partitions ?? [];
      const committedIn = new Map(offsets.map(({ partition, offset }) => [partition, Number(offset)]));
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
        const given = committedIn.get(partition) ?? -1;
        const from = Math.max(given, Number(low));
        const end = Number(high);
        lags.push({
          topic,
          partition,
          committed: given < 0 ? null : given,
          end,
          lag: Math.max(0, end - from),
        });
      }
    }
    return lags.sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : 0));
  });
}

async function create(admin: Admin, { topic, partitions, replication, config }: TopicSpec): Promise<void> {
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  const wanted = { topic, numPartitions: partitions, replicationFactor: replication, configEntries };
  try {
    // False when another process was quicker; what it made is compared like any other. Waiting comes later:
    // kafkajs fails when the broker does not tell of the new topic at once (src/admin/index.js).
    await admin.createTopics({ topics: [wanted], waitForLeaders: false, timeout: 10_000 });
  } catch (cause) {
    throw new Error(`Kafka topic ${topic} cannot be created: ${reasonOf(cause)}`, { cause });
  }
}

async function shapeDrifts(admin: Admin, specs: readonly TopicSpec[]): Promise<TopicDrift[]> {
  const topics = await settledTopics(admin, specs);
  return specs.flatMap(({ topic, partitions, replication }) => {
    const found = topics.find(({ name }) => name === topic)?.partitions ?? [];
    const replicas = [...new Set(found.map((partition) => partition.replicas.length))].sort((a, b) => a - b);
    return [
      ...differences(topic, 'partitions', String(partitions), String(found.length)),
      ...differences(topic, 'replication', String(replication), replicas.join(' and ')),
    ];
  });
}

/** Waits until the broker tells of all topics and their leaders, which is a little after they were made. */
async function settledTopics(admin: Admin, specs: readonly TopicSpec[]): Promise<ITopicMetadata[]> {
  const end = performance.now() + settleMs;
  for (;;) {
    try {
      return (await admin.fetchTopicMetadata({ topics: specs.map(({ topic }) => topic) })).topics;
    } catch (error) {
      const { type } = error as { type?: unknown };
      const passing = type === 'UNKNOWN_TOPIC_OR_PARTITION' || type === 'LEADER_NOT_AVAILABLE';
      if (!passing || performance.now() > end) throw error;
    }
    await pause(100);
  }
}

async function configDrifts(
  admin: Admin,
  { library }: KafkaClient,
  specs: readonly TopicSpec[],
): Promise<TopicDrift[]> {
  const configured = specs.filter(({ config }) => Object.keys(config).length > 0);
  if (configured.length === 0) return [];
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: configured.map(({ topic, config }) => ({
      type: library.ConfigResourceTypes.TOPIC,
      name: topic,
      configNames: Object.keys(config),
    })),
  });
  return configured.flatMap(({ topic, config }) => {
    const entries = resources.find(({ resourceName }) => resourceName === topic)?.configEntries ?? [];
    return Object.entries(config).flatMap(([name, expected]) => {
      const actual = entries.find(({ configName }) => configName === name)?.configValue;
      return differences(topic, name, expected, actual ?? 'not known to the broker');
    });
  });
}

function differences(topic: string, what: string, expected: string, actual: string): TopicDrift[] {
  return expected === actual ? [] : [{ topic, what, expected, actual }];
}

async function withAdmin<T>(
  settings: KafkaSettings,
  options: AdminOptions,
  work: (admin: Admin, client: KafkaClient) => Promise<T>,
): Promise<T> {
  const client = await openClient(
    settings,
    options.logger ?? silentLogger,
    options.requestRetry ?? requestRetry,
  );
  const admin = client.kafka.admin();
  try {
    await admin.connect();
    return await work(admin, client);
  } finally {
    await admin.disconnect().catch(() => undefined);
    client.cut('the question was answered');
  }
}
