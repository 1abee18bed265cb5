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
  const stopping = new AbortController();
  const sender = new KafkaSender({ settings, logger });
  const channel = new KafkaAgentChannel({
    site, agent, serviceKeys, onTrouble: (what, error) => logger.error(what, { error }),
    sender: { send: (records) => sender.send([...records]) },
    makeReceiver: (groupId, topics, onBatch) => {
      const opened = () => untilItWorks(() => receiver.start(), stopping.signal, logger);
      const receiver = new KafkaReceiver({
        settings, logger, groupId, topics: [...topics], onBatch,
        // The journal keeps everything: beginning anew is the plainest way to be whole again.
        onDead: (error) => {
          logger.error('receiving from Kafka has ended', { error });
          void opened();
        },
      });
      return { start: opened, stop: () => receiver.stop(2_000), replaceTopics: (next) => receiver.replaceTopics([...next]) };
    },
  });
  return {
    start: (handlers) => channel.start(handlers),
    send: (reports) => channel.send(reports),
    stop: async () => {
      stopping.abort();
      await channel.stop();
      await sender.close(1_000);
    },
  };
}

const firstPauseMs = 500;
const longestPauseMs = 10_000;

/** A broker that is away comes back, and topics are made by the service. Resolves also when it is no longer wanted. */
async function untilItWorks(work: () => Promise<void>, signal: AbortSignal, logger: Logger): Promise<void> {
  for (let pauseMs = firstPauseMs; !signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) return;
      logger.warn('Kafka cannot be received from yet', { error });
      await pause(pauseMs, signal);
    }
  }
}
