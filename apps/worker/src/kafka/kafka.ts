import type { Book } from '#commands';
import { Intake, KafkaOrderSender, KafkaReportReceiver, sealReceipt, topicSpecs } from '#messaging';
import type { IntakePorts } from '#messaging';
import { KafkaReceiver, KafkaSender, checkBroker, ensureTopics, partitionOf, pause } from '#platform';
import type { KafkaSettings, Logger } from '#platform';
import type { SigningKey } from '#proof';
import { keyIdOf } from '#proof';
import { EventPublishing } from '../publisher/events.js';
import type { OrderKafka } from '../publisher/orders.js';
import { knownSites } from './sites.js';

export interface KafkaGround {
  settings: KafkaSettings;
  topics: { partitions: number; replication: number };
  logger: Logger;
}

/** Raised when topics are not as they must be: keys would land in other partitions, or history would be compacted away. */
export class TopicsDrifted extends Error {}

/** Makes the topics that are missing and holds those that are there to what they must be; never changes one. */
export async function mustHaveTopics({ settings, topics, logger }: KafkaGround, sites: readonly string[]): Promise<void> {
  const drifts = await ensureTopics(settings, topicSpecs(sites, topics), { logger });
  if (drifts.length === 0) return;
  const told = drifts.map(({ topic, what, expected, actual }) => `${topic}: ${what} is ${actual}, expected is ${expected}`);
  throw new TopicsDrifted(`Kafka topics differ from what Rollbook needs: ${told.join('; ')}. Mend them with Kafka's own tools, or set the ROLLBOOK_KAFKA_ settings to match.`);
}

/** The publisher's side of Kafka. Topics are looked at before the first record that goes to them. */
export function kafkaPublishing(ground: KafkaGround, source: string): { orders: OrderKafka; events: EventPublishing; close(): Promise<void> } {
  const sender = new KafkaSender({ settings: ground.settings, logger: ground.logger });
  const known = new Set<string>();
  let eventsTopicIsThere = false;
  return {
    events: new EventPublishing({
      source,
      partitionOf: (key) => partitionOf(key, ground.topics.partitions),
      sender: {
        async send(records) {
          if (!eventsTopicIsThere) await mustHaveTopics(ground, []);
          eventsTopicIsThere = true;
          return sender.send([...records]);
        },
      },
    }),
    orders: {
      orders: new KafkaOrderSender({ send: (records) => sender.send([...records]) }),
      async sites(sites) {
        const added = sites.filter((site) => !known.has(site));
        if (added.length > 0) await mustHaveTopics(ground, added);
        for (const site of added) known.add(site);
      },
    },
    close: () => sender.close(1_000),
  };
}

/** Topics and broker as they must be before anything is sent or received; throws and names what is not. */
export async function checkKafka(ground: KafkaGround): Promise<void> {
  await checkBroker(ground.settings);
  await mustHaveTopics(ground, []);
}

/** Takes the reports of all sites that have an agent on Kafka. Several workers share them; recording is idempotent. */
export class ReportTaker {
  private readonly sender: KafkaSender;
  private readonly receiver: KafkaReportReceiver;
  private readonly intake: Intake;
  private readonly stopping = new AbortController();
  private watching: Promise<void> = Promise.resolve();

  constructor(private readonly options: { ground: KafkaGround; key: SigningKey; ports: IntakePorts; book: Book; everyMs?: number }) {
    const { ground, key, ports } = options;
    const { settings, logger } = ground;
    const keyId = keyIdOf(key.privateKey);
    this.sender = new KafkaSender({ settings, logger });
    this.intake = new Intake(ports);
    this.receiver = new KafkaReportReceiver({
      sender: { send: (records) => this.sender.send([...records]) },
      sealReceipt: (receipt) => sealReceipt(receipt, key.privateKey, keyId),
      makeReceiver: (groupId, topics, onBatch) => {
        const receiver = new KafkaReceiver({
          settings, logger, groupId, topics: [...topics], onBatch,
          onDead: (error) => {
            logger.error('receiving reports has ended and begins anew', { error });
            void this.opened(() => receiver.start());
          },
        });
        return {
          start: () => this.opened(() => receiver.start()),
          stop: () => receiver.stop(1_500),
          replaceTopics: (next) => receiver.replaceTopics([...next]),
        };
      },
    });
  }

  start(): void {
    this.watching = this.watch();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.receiver.stop();
    await this.watching;
    await this.sender.close(1_000);
  }

  /** Sites are learned from the ledger, where agents enrol; a new one gets its topics, then its reports are taken. */
  private async watch(): Promise<void> {
    const { ground, book, everyMs = 1_000 } = this.options;
    const { signal } = this.stopping;
    const sites = knownSites(book);
    let served = '';
    await this.receiver.start((site, messages) => this.intake.take(site, messages));
    for (; !signal.aborted; await pause(everyMs, signal)) {
      try {
        const now = await sites();
        if (now.join() === served) continue;
        await mustHaveTopics(ground, now);
        await this.receiver.setSites(now);
        served = now.join();
      } catch (error) {
        if (!signal.aborted) ground.logger.error('the sites on Kafka cannot be served yet', { error });
      }
    }
  }

  private async opened(open: () => Promise<void>): Promise<void> {
    for (let pauseMs = 500; !this.stopping.signal.aborted; pauseMs = Math.min(pauseMs * 2, 10_000)) {
      try {
        return await open();
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        this.options.ground.logger.warn('reports cannot be received yet', { error });
        await pause(pauseMs, this.stopping.signal);
      }
    }
  }
}
