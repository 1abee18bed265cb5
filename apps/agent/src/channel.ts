import { KafkaAgentChannel, PullAgentChannel } from '#messaging';
import type { AgentChannel } from '#messaging';
import { KafkaReceiver, KafkaSender, pause, systemClock } from '#platform';
import type { HttpClient, KafkaSettings, Logger } from '#platform';
import type { KeyObject } from 'node:crypto';
import type { Identity } from './identity.js';

interface Common {
  site: string;
  agent: string;
  identity: Identity;
  logger: Logger;
}

export function pullChannel({ site, agent, identity, logger, http }: Common & { http: HttpClient }, cursor: number): AgentChannel {
  return new PullAgentChannel({
    http, site, agent, key: identity.privateKey, keyId: identity.keyId, now: () => systemClock.now(), cursor,
    onTrouble: (what, error) => logger.warn(what, { error }),
  });
}

export function kafkaChannel({ site, agent, logger, settings, serviceKeys }: Common & { settings: KafkaSettings; serviceKeys: ReadonlyMap<string, KeyObject> }): AgentChannel {
  const sender = new KafkaSender({ settings, logger });
  const channel = new KafkaAgentChannel({
    site, agent, serviceKeys,
    sender: { send: (records) => sender.send([...records]) },
    makeReceiver: (groupId, topics, onBatch) => {
      const receiver = new KafkaReceiver({
        settings, logger, groupId, topics: [...topics], onBatch,
        // The journal keeps everything: beginning anew is the plainest way to be whole again.
        onDead: (error) => {
          logger.error('receiving from Kafka has ended', { error });
          void retry(() => receiver.start(), logger);
        },
      });
      return { start: () => retry(() => receiver.start(), logger), stop: () => receiver.stop(2_000), replaceTopics: (next) => receiver.replaceTopics([...next]) };
    },
  });
  return {
    start: (handlers) => channel.start(handlers),
    send: (reports) => channel.send(reports),
    stop: async () => {
      await channel.stop();
      await sender.close(1_000);
    },
  };
}

const longestPauseMs = 10_000;

/** Until it works: a broker that is away comes back, and topics are made by the service. */
async function retry(work: () => Promise<void>, logger: Logger): Promise<void> {
  for (let pauseMs = 500; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Error && /stopped/.test(error.message)) return;
      logger.warn('Kafka cannot be received from yet', { error });
      await pause(pauseMs);
    }
  }
}
