import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import { ensureTopics, KafkaReceiver, KafkaSender } from '../../../libs/platform/src/kafka/index.js';
import type { KafkaSettings, ReceivedRecord } from '../../../libs/platform/src/kafka/index.js';
import { describeWithKafka, eventually, keepingLogger, texts } from '../../support/kafka.js';

const listener = 'listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config';
const login =
  'org.apache.kafka.common.security.scram.ScramLoginModule required username="admin" password="admin-pw";';
const broker = {
  listener: 'SASL_PLAINTEXT' as const,
  users: [
    { name: 'admin', password: 'admin-pw' },
    { name: 'site-a', password: 'a-pw' },
  ],
  properties: {
    'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
    'sasl.mechanism.inter.broker.protocol': 'SCRAM-SHA-512',
    [listener]: login,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    // The controller's listener is without authentication.
    'super.users': 'User:admin;User:ANONYMOUS',
    'allow.everyone.if.no.acl.found': 'false',
  },
};

describeWithKafka('Kafka with passwords and permissions', { own: true, broker }, (kafka) => {
  const id = randomUUID();
  const [orders, reports, others] = [`down-a-${id}`, `up-a-${id}`, `down-b-${id}`];
  const groupId = `site-a-${id}`;
  const few = { retries: 2, firstPauseMs: 50, maxPauseMs: 100 };
  const logger = keepingLogger();
  const as = (username: string, password: string): KafkaSettings => ({
    ...kafka.settings,
    sasl: { mechanism: 'scram-sha-512', username, password },
  });
  const newSender = (settings: KafkaSettings) =>
    new KafkaSender({ settings, logger, sendRetry: few, requestRetry: few });
  const newReceiver = (topic: string, group: string, seen: ReceivedRecord[]) =>
    new KafkaReceiver({
      settings: as('site-a', 'a-pw'),
      logger,
      groupId: group,
      topics: [topic],
      onBatch: (records) => Promise.resolve(seen.push(...records) && records.length),
      onDead: (error) =>
        void logger.lines.push(`dead ${error.message} ${String((error.cause as Error)?.message)}`),
      times: { maxWaitMs: 100 },
      requestRetry: few,
    });

  beforeAll(async () => {
    const specs = [orders, reports, others].map((topic) => ({
      topic,
      partitions: 1,
      replication: 1,
      config: {},
    }));
    expect(await ensureTopics(as('admin', 'admin-pw'), specs)).toEqual([]);
    await grant(as('admin', 'admin-pw'), [
      ['topic', orders, 'READ'],
      ['topic', reports, 'WRITE'],
      ['group', groupId, 'READ'],
    ]);
  });

  it('lets a site read what is for it and write what is its own', async () => {
    const admin = newSender(as('admin', 'admin-pw'));
    await admin.send([{ topic: orders, key: 'n1', value: Buffer.from('down') }]);
    await admin.close();
    const seen: ReceivedRecord[] = [];
    const receiver = newReceiver(orders, groupId, seen);
    await receiver.start();
    await eventually('the record', () => texts(seen).includes('down'));
    await receiver.stop();
    const site = newSender(as('site-a', 'a-pw'));
    expect(await site.send([{ topic: reports, key: 'n1', value: Buffer.from('up') }])).toHaveLength(1);
    await site.close();
  });

  it('refuses everything else, soon and with the reason', async () => {
    const site = newSender(as('site-a', 'a-pw'));
    const wrong = site.send([{ topic: orders, key: 'n1', value: Buffer.from('forged') }]);
    await expect(wrong).rejects.toThrow(/Not authorized to access topics/);
    expect(await site.send([{ topic: reports, key: 'n1', value: Buffer.from('still') }])).toHaveLength(1);
    await site.close();
    await expect(newReceiver(others, groupId, []).start()).rejects.toThrow('cannot open topics');
    await expect(newReceiver(orders, 'group-of-another', []).start()).rejects.toMatchObject({
      cause: { message: expect.stringMatching(/[Nn]ot authorized to access group/) as string },
    });
    const another = { topic: `new-${id}`, partitions: 1, replication: 1, config: {} };
    await expect(ensureTopics(as('site-a', 'a-pw'), [another])).rejects.toThrow(
      /cannot be created: .*[Aa]uthoriz/,
    );
  });

  it('refuses a wrong password at once and does not tell it to the log', async () => {
    const begun = performance.now();
    const site = newSender(as('site-a', 'hunter2'));
    const message = expect.stringMatching(/SASL|authentication/i) as string;
    await expect(site.open()).rejects.toMatchObject({ cause: { message } });
    await site.close();
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(logger.lines.join('\n')).not.toMatch(/hunter2|a-pw|admin-pw/);
  });
});

type Grant = ['topic' | 'group', string, 'READ' | 'WRITE'];

async function grant({ brokers, sasl }: KafkaSettings, grants: Grant[]): Promise<void> {
  const { Kafka, logLevel, AclResourceTypes, AclOperationTypes, AclPermissionTypes, ResourcePatternTypes } =
    kafkajs;
  const { username, password } = sasl!;
  const admin = new Kafka({
    brokers,
    sasl: { mechanism: 'scram-sha-512', username, password },
    logLevel: logLevel.NOTHING,
  }).admin();
  await admin.connect();
  await admin.createAcls({
    acl: grants.map(([kind, resourceName, operation]) => ({
      resourceType: kind === 'topic' ? AclResourceTypes.TOPIC : AclResourceTypes.GROUP,
      resourceName,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      principal: 'User:site-a',
      host: '*',
      operation: AclOperationTypes[operation],
      permissionType: AclPermissionTypes.ALLOW,
    })),
  });
  await admin.disconnect();
}
