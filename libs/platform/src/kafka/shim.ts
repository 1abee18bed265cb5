import { createRequire } from 'node:module';
import { patchBrokerPool } from './shim-brokers.js';
import type { BrokerPool } from './shim-brokers.js';
import { patchConnection } from './shim-connection.js';
import type { Connection } from './shim-connection.js';
import { patchConsumerGroup } from './shim-membership.js';
import type { ConsumerGroup } from './shim-membership.js';
import { patchRequestQueue } from './shim-queue.js';
import type { RequestQueue } from './shim-queue.js';

const patchedVersion = '2.2.4';
const patched = new WeakSet<object>();

/**
 * Mends what kafkajs 2.2.4, the last of its line, does wrong and no option changes. Done once for each copy
 * of kafkajs.
 *
 * @throws when the installed kafkajs is another version or one of its parts has another shape: the patches
 *   must then be looked at again, not applied blindly
 */
export function patchKafkajs(): void {
  const require = createRequire(import.meta.url);
  const queue = (require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue }).prototype;
  if (patched.has(queue)) return;
  checkVersion((require('kafkajs/package.json') as { version: string }).version);
  const connection = (require('kafkajs/src/network/connection') as { prototype: Connection }).prototype;
  const group = (require('kafkajs/src/consumer/consumerGroup') as { prototype: ConsumerGroup }).prototype;
  const pool = (require('kafkajs/src/cluster/brokerPool') as { prototype: BrokerPool }).prototype;
  patchRequestQueue(queue);
  patchConnection(connection);
  patchConsumerGroup(group);
  patchBrokerPool(pool);
  patched.add(queue);
}

/** @throws for any version but the one that the patches were made for */
export function checkVersion(version: string): void {
  if (version === patchedVersion) return;
  throw new Error(`kafkajs ${version} is installed; its patches were made for ${patchedVersion}`);
}
