import { mkdtemp, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  defaultKafkaVersion,
  kafkaPrerequisites,
  startKafkaBroker,
} from '../../libs/platform/src/local/kafka-broker.js';
import type { KafkaBroker, KafkaBrokerOptions } from '../../libs/platform/src/local/kafka-broker.js';
import type { KafkaLogger, KafkaSettings, ReceivedRecord } from '../../libs/platform/src/kafka/index.js';
import { ensureTopics } from '../../libs/platform/src/kafka/index.js';
import { silentLogger } from '../../libs/platform/src/logger.js';
import { KafkaProxy } from './kafka-proxy.js';
import { describeNeeding } from './needs.js';

export interface KafkaNeeds {
  /** A broker of one's own, to kill or break; else the one of KAFKA_BROKERS is taken when it is set. */
  own?: boolean;
  /** A proxy stands in front and is the address that clients are told; implies `own`. */
  proxied?: boolean;
  broker?: Partial<KafkaBrokerOptions>;
  /** Something else that the suite needs and this machine has not. */
  lacks?: string;
}

/** The version under test: the same suites run against each that is supported. */
export const kafkaVersion = process.env['ROLLBOOK_KAFKA_VERSION'] ?? defaultKafkaVersion;

/** What the tests of one `describeWithKafka` share; usable from the first test on. */
export interface TestKafka {
  readonly brokers: string;
  readonly broker: KafkaBroker;
  readonly proxy: KafkaProxy;
  readonly settings: KafkaSettings;
}

/**
 * A `describe` with a real broker. Where none can be had the suite is listed as skipped with the reason in
 * its name, or fails when ROLLBOOK_REQUIRE_KAFKA=1 says that there must be one.
 */
export function describeWithKafka(name: string, needs: KafkaNeeds, tests: (kafka: TestKafka) => void): void {
  const given = process.env['KAFKA_BROKERS'];
  const shared = given !== undefined && given !== '' && !needs.own && !needs.proxied ? given : undefined;
  const reason = shared === undefined ? lack(needs.lacks) : undefined;
  const kafka = new Running(shared);
  const before = () => kafka.start(needs);
  describeNeeding(name, { what: 'a Kafka broker', reason, variable: 'ROLLBOOK_REQUIRE_KAFKA', before, limitMs: 180_000 }, () => {
    afterAll(() => kafka.stop(), 60_000);
    tests(kafka);
  });
}

function lack(...more: (string | undefined)[]): string | undefined {
  const missing = [...kafkaPrerequisites(kafkaVersion).missing, ...more.filter((one) => one !== undefined)];
  return missing.length === 0 ? undefined : `needs ${missing.join(' and ')}`;
}

class Running implements TestKafka {
  private own: KafkaBroker | undefined;
  private front: KafkaProxy | undefined;
  private dir: string | undefined;

  constructor(private readonly shared: string | undefined) {}

  async start(needs: KafkaNeeds): Promise<void> {
    if (this.shared !== undefined) return;
    this.dir = await mkdtemp(join(tmpdir(), 'rollbook-kafka-'));
    if (needs.proxied) this.front = await KafkaProxy.listen();
    const advertised = this.front ? { advertised: this.front.address } : {};
    this.own = await startKafkaBroker({
      dir: this.dir,
      version: kafkaVersion,
      fast: true,
      ...advertised,
      ...needs.broker,
    });
    this.front?.to(this.own.brokers);
  }

  async stop(): Promise<void> {
    await this.front?.close();
    await this.own?.kill();
    if (this.dir !== undefined) await rm(this.dir, { recursive: true, force: true });
  }

  get broker(): KafkaBroker {
    return this.own!;
  }

  get proxy(): KafkaProxy {
    return this.front!;
  }

  get brokers(): string {
    return this.shared ?? this.front?.address ?? this.own!.brokers;
  }

  get settings(): KafkaSettings {
    return { clientId: 'rollbook-test', brokers: this.brokers.split(',') };
  }
}

/** A new topic with a name of its own. */
export function newTopic(
  kafka: TestKafka,
  partitions = 1,
  config: Record<string, string> = {},
): Promise<string> {
  return newTopicWith(kafka.settings, partitions, config);
}

/** The same for somebody who connects in another way. */
export async function newTopicWith(
  settings: KafkaSettings,
  partitions = 1,
  config: Record<string, string> = {},
): Promise<string> {
  const topic = `test-${randomUUID()}`;
  await ensureTopics(settings, [{ topic, partitions, replication: 1, config }]);
  return topic;
}

/** Looks again until the condition holds; fails with what was waited for when it does not in time. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  ms = 15_000,
): Promise<void> {
  const end = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await pause(10);
  }
}

/** A logger that keeps what it is told, each line as "level message". */
export function keepingLogger(): KafkaLogger & { lines: string[] } {
  const lines: string[] = [];
  const log = (level: string) => (message: string, fields?: Record<string, unknown>) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
  return { lines, debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
}

export const quiet = silentLogger;

/** The values of the records as text. */
export function texts(records: ReceivedRecord[]): string[] {
  return records.map(({ value }) => value?.toString() ?? 'null');
}
