import { demandShape } from './shim-shape.js';

type Ask = (broker: object) => Promise<unknown>;

/** What the patch reads and writes of kafkajs 2.2.4 src/cluster/brokerPool.js. */
export interface BrokerPool {
  withBroker: (this: BrokerPool, ask: Ask) => Promise<unknown>;
}

/**
 * Says why no broker gave an answer. As it is, the reason is swallowed, so that a consumer whose connection
 * breaks while it asks who coordinates its group hears of a missing coordinator, which does not count as
 * something to try again, and stops for good; and one that may not read the group hears the same.
 */
export function patchBrokerPool(prototype: BrokerPool): void {
  demandShape(prototype, 'withBroker', ['return await callback(', 'catch (e) {}', 'return null']);
  const { withBroker } = prototype;
  prototype.withBroker = async function (ask) {
    let reason: unknown;
    const answer = await withBroker.call(this, async (broker) => {
      try {
        return await ask(broker);
      } catch (error) {
        reason = error;
        throw error;
      }
    });
    if (answer === null && reason instanceof Error) throw reason;
    return answer;
  };
}
