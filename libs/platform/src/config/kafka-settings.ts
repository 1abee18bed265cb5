import { readFileSync } from 'node:fs';
import type { KafkaSettings } from '../kafka/index.js';
import type { Settings } from './config.js';

/** How to reach Kafka; undefined when the environment names no broker. */
export function kafkaSettingsFrom(settings: Settings, clientId: string): KafkaSettings | undefined {
  const { kafkaBrokers, kafkaUsername, kafkaPasswordFile, kafkaMechanism, kafkaCaFile } = settings;
  if (kafkaBrokers.length === 0) return undefined;
  const secret = kafkaUsername !== undefined && kafkaPasswordFile !== undefined;
  return {
    clientId,
    brokers: kafkaBrokers,
    ...(kafkaCaFile === undefined ? {} : { tls: { ca: readFileSync(kafkaCaFile, 'utf8') } }),
    ...(secret ? { sasl: { mechanism: kafkaMechanism, username: kafkaUsername, password: readFileSync(kafkaPasswordFile, 'utf8').trim() } } : {}),
  };
}
