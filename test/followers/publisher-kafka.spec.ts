import { PostgresShelf } from '#ledger';
import { item } from '../support/items.js';
import { describeWithKafka } from '../support/kafka.js';
import { firstSeen, groupBy, kcatMissing, oneTo, readEventsTopic } from '../support/topic.js';
import { until } from '../support/until.js';
import { WorkerProcesses } from '../support/worker-process.js';
import { Workshop } from '../support/workshop.js';

const size = 6_000;

describeWithKafka('a publisher that is killed', { own: true, ...(kcatMissing ? { lacks: kcatMissing } : {}) }, (kafka) => {
  let workshop: Workshop;
  let workers: WorkerProcesses;

  beforeAll(async () => {
    workshop = await Workshop.open();
    workers = new WorkerProcesses({
      DATABASE_URL: workshop.database.worker, KAFKA_BROKERS: kafka.brokers, ROLLBOOK_FOLLOWERS: 'publisher', ROLLBOOK_KAFKA_PARTITIONS: '3',
    });
    const shelf = new PostgresShelf(workshop.pool);
    await shelf.append(Array.from({ length: size }, (_, i) => item(`node/n-${i % 50}`)));
  }, 60_000);
  afterAll(async () => {
    workers.dispose();
    await workshop.close();
  });

  it('between what it sent and what it noted leaves duplicates and no gap, each stream in order, each partition numbered', async () => {
    const position = () => workshop.positionOf('publisher:events');
    // Killed as soon as it has moved on once more: the next records are on their way then.
    for (let kills = 1; kills <= 2; kills++) {
      const before = await position();
      const worker = await workers.start();
      await until(async () => (await position()) > before, 20_000, () => worker.log.slice(-2_000));
      worker.kill();
    }
    const last = await workers.start();
    await until(async () => (await position()) === size, 30_000, () => last.log.slice(-2_000));
    const events = await readEventsTopic(kafka.brokers);
    expect(firstSeen(events, (event) => event.position).sort((a, b) => a - b)).toEqual(oneTo(size));
    for (const [stream, own] of groupBy(events, (event) => event.stream)) {
      expect({ stream, versions: firstSeen(own, (event) => event.version) }).toEqual({ stream, versions: oneTo(size / 50) });
      expect(new Set(own.map((event) => event.partition)).size).toBe(1);
    }
    for (const own of groupBy(events, (event) => String(event.partition)).values()) {
      expect(firstSeen(own, (event) => event.sequence)).toEqual(oneTo(Math.max(...own.map((event) => event.sequence))));
      for (const same of groupBy(own, (event) => String(event.position)).values()) expect(new Set(same.map((event) => event.sequence)).size).toBe(1);
    }
    await last.stop();
  }, 120_000);
});
