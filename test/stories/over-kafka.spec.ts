import { describeWithKafka } from '../support/kafka.js';
import { Machine } from '../support/machine.js';
import { awaitQuiet } from '../support/rollouts.js';
import { firstSeen, groupBy, kcatMissing, oneTo, readEventsTopic } from '../support/topic.js';
import type { TopicEvent } from '../support/topic.js';

describeWithKafka('the story of a first start, over Kafka', { own: true, ...(kcatMissing ? { lacks: kcatMissing } : {}) }, (kafka) => {
  let machine: Machine;
  let events: TopicEvent[];
  afterAll(() => machine?.dispose());

  it('ends as it does without Kafka', async () => {
    machine = new Machine({ KAFKA_BROKERS: kafka.brokers });
    await machine.start();
    expect(machine.output).toContain(`orders and reports over Kafka at ${kafka.brokers}`);
    const nodes = await machine.json<{ node: string; version: string; state: string }>('node', 'list');
    expect(nodes.map((one) => [one.node, one.version, one.state])).toEqual([
      ['node-1', 'v0.7.0', 'ready'], ['node-2', 'v0.7.0', 'ready'], ['node-3', 'v0.6.2', 'ready'], ['node-4', 'v0.7.0', 'ready'],
    ]);
  }, 150_000);

  it('has every position of the ledger on the topic, for a consumer that shares no code with us', async () => {
    await awaitQuiet(machine, 30_000);
    events = await readEventsTopic(kafka.brokers);
    const [verified] = await machine.json<{ size: number }>('ledger', 'verify');
    expect(firstSeen(events, (event) => event.position).sort((a, b) => a - b)).toEqual(oneTo(verified!.size));
  }, 60_000);

  it('has each stream in its order and in one partition, and each partition numbered without a gap', () => {
    for (const [stream, own] of groupBy(events, (event) => event.stream)) {
      expect({ stream, versions: firstSeen(own, (event) => event.version) }).toEqual({ stream, versions: oneTo(own.at(-1)!.version) });
      expect(new Set(own.map((event) => event.partition)).size).toBe(1);
      expect(own.every((event) => event.key === stream)).toBe(true);
    }
    for (const own of groupBy(events, (event) => String(event.partition)).values()) {
      expect(firstSeen(own, (event) => event.sequence)).toEqual(oneTo(own.at(-1)!.sequence));
    }
  });
});
