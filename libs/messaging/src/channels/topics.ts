/** Topics of one site. Keys are node names, so that one node's orders and reports stay in their order. */
export const ordersTopic = (site: string) => `rollbook.orders.${site}.v1`;
export const reportsTopic = (site: string) => `rollbook.reports.${site}.v1`;

/** Every event of the ledger, keyed by stream. */
export const eventsTopic = 'rollbook.events.v1';

export function siteOfReports(topic: string): string {
  const site = /^rollbook\.reports\.(.+)\.v1$/.exec(topic)?.[1];
  if (site === undefined) throw new Error(`not a topic of reports: ${topic}`);
  return site;
}

export interface TopicSpec {
  topic: string;
  partitions: number;
  replication: number;
  config: Record<string, string>;
}

const day = 24 * 3600 * 1000;

/** How topics are made, and what they are held to at every start. Truth stays in the ledger, so retention is finite. */
export function topicSpecs(sites: readonly string[], { partitions, replication }: { partitions: number; replication: number }): TopicSpec[] {
  const one = (topic: string, days: number): TopicSpec => ({
    topic,
    partitions,
    replication,
    config: {
      'cleanup.policy': 'delete',
      'retention.ms': String(days * day),
      'min.insync.replicas': String(Math.max(1, Math.min(2, replication - 1))),
    },
  });
  return [one(eventsTopic, 30), ...sites.flatMap((site) => [one(ordersTopic(site), 7), one(reportsTopic(site), 30)])];
}
