import { createRequire } from 'node:module';
import { patchBrokerPool } from './shim-brokers.js';
import type { BrokerPool } from './shim-brokers.js';

const Pool = createRequire(import.meta.url)('kafkajs/src/cluster/brokerPool') as { prototype: BrokerPool };

/** A pool that can reach these brokers, of which nothing else is used. */
function poolOf(...names: string[]): BrokerPool {
  const brokers = Object.fromEntries(names.map((name) => [name, { name }]));
  const findBroker = ({ nodeId }: { nodeId: string }) => Promise.resolve(brokers[nodeId]);
  return Object.assign(Object.create(Pool.prototype) as BrokerPool, { brokers, findBroker });
}

const failing = (broker: object) =>
  Promise.reject(new Error(`${(broker as { nodeId: string }).nodeId} is not authorized`));

describe('the broker pool of kafkajs', () => {
  it('swallows why nobody answered, when it is left as it is', async () => {
    expect(await poolOf('one').withBroker(failing)).toBeNull();
  });

  describe('patched', () => {
    beforeAll(() => patchBrokerPool(Pool.prototype));

    it('says why nobody answered', async () => {
      await expect(poolOf('one').withBroker(failing)).rejects.toThrow('one is not authorized');
    });

    it('gives the answer of whoever answered', async () => {
      const asked: string[] = [];
      const second = (broker: object) => {
        asked.push((broker as { nodeId: string }).nodeId);
        return asked.length === 1 ? failing(broker) : Promise.resolve('answer');
      };
      expect(await poolOf('one', 'two').withBroker(second)).toBe('answer');
      expect(asked.sort()).toEqual(['one', 'two']);
    });
  });

  it('refuses another shape', () => {
    const other = { withBroker: () => Promise.resolve(null) };
    expect(() => patchBrokerPool(other)).toThrow('withBroker is not the function that the patch was made for');
  });
});
