import { ordersTopic, reportsTopic, siteOfReports, topicSpecs } from './topics.js';

it('finds the site of a topic of reports again, dots and all', () => {
  for (const site of ['north', 'a.b', 'v1', 'x.v1']) expect(siteOfReports(reportsTopic(site))).toBe(site);
  for (const topic of [ordersTopic('north'), 'rollbook.reports.v1', 'x', 'rollbook.reports.north.v2']) expect(() => siteOfReports(topic)).toThrow('not a topic of reports');
});

it('keeps a replica to lose where there are several, and compacts nothing away', () => {
  const minimum = (replication: number) => topicSpecs([], { partitions: 3, replication })[0]!.config['min.insync.replicas'];
  expect([1, 2, 3, 5].map(minimum)).toEqual(['1', '1', '2', '2']);
  const specs = topicSpecs(['north', 'south'], { partitions: 3, replication: 1 });
  expect(specs.map((one) => one.topic)).toEqual([
    'rollbook.events.v1', 'rollbook.orders.north.v1', 'rollbook.reports.north.v1', 'rollbook.orders.south.v1', 'rollbook.reports.south.v1',
  ]);
  expect(new Set(specs.map((one) => one.config['cleanup.policy']))).toEqual(new Set(['delete']));
});
