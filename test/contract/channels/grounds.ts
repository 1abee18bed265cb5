import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandBus } from '@nestjs/cqrs';
import { intakePorts } from '#commands';
import type { Book } from '#commands';
import { Intake, MemoryChannel, PullAgentChannel, ordersTopic, reportsTopic, sealReceipt } from '#messaging';
import type { AgentChannel, HttpPort, OutgoingOrder } from '#messaging';
import { HttpClient, KafkaSender, silentLogger, systemClock } from '#platform';
import { Mailbox } from '#projections';
import { keyIdOf } from '#proof';
import { kafkaChannel } from '../../../apps/agent/src/channel.js';
import { ReportTaker, kafkaPublishing } from '../../../apps/worker/src/kafka/kafka.js';
import type { TestKafka } from '../../support/kafka.js';
import { newSigner } from '../../support/messages.js';
import type { Signer } from '../../support/messages.js';
import { TestService } from '../../support/service.js';
import { Workshop } from '../../support/workshop.js';

/** One channel with the service's real end, over a ledger of its own. */
export interface Ground {
  bus: CommandBus;
  book: Book;
  service: Signer;
  /** The end of an agent; `cursor` is where a pull goes on. */
  agent(site: string, agent: Signer, cursor: number): AgentChannel;
  /** Leaves orders where agents look, as the publisher does. */
  orders(orders: readonly OutgoingOrder[]): Promise<void>;
  /** Puts bytes where orders lie, as somebody does who should not be able to. */
  rawOrder(site: string, bytes: Buffer): Promise<void>;
  /** Puts bytes where reports go. `as` is who gets through the door, where there is one. */
  rawReports(site: string, messages: readonly Buffer[], as: Signer): Promise<void>;
  /** Bytes that a channel can carry and nobody can read. */
  rubbish: readonly Buffer[];
  /** Bytes of evidence that are too many for this channel; undefined when it takes all. */
  tooLarge: number | undefined;
  stopService(): Promise<void>;
  startService(): Promise<void>;
  close(): Promise<void>;
}

const anyRubbish = [Buffer.from('{'), Buffer.from('null'), Buffer.from([0xff, 0xfe, 0, 1]), Buffer.from('{"envelope":{"payload":"x"},"evidence":7}'), Buffer.alloc(0)];

export async function memoryGround(): Promise<Ground> {
  const workshop = await Workshop.open();
  const { bus, book } = await workshop.hire();
  const service = newSigner('service');
  const channel = new MemoryChannel((receipt) => sealReceipt(receipt, service.key), service.keys);
  const startService = async () => {
    const intake = new Intake(intakePorts({ bus, book, clock: systemClock, logger: silentLogger }));
    await channel.start((site, messages) => intake.take(site, messages));
  };
  return {
    bus, book, service, startService, rubbish: anyRubbish, tooLarge: undefined,
    agent: (site, { name }) => channel.agent(site, name),
    orders: (orders) => channel.send(orders),
    rawOrder: (site, bytes) => channel.send([{ site, node: 'x', position: 1, bytes }]),
    rawReports: (site, messages, { name }) => channel.agent(site, `${name}-raw`).send(messages.map((bytes) => ({ node: 'x', bytes }))),
    stopService: () => channel.stop(),
    close: () => workshop.close(),
  };
}

export async function kafkaGround(kafka: TestKafka): Promise<Ground> {
  const workshop = await Workshop.open();
  const { bus, book } = await workshop.hire();
  const service = newSigner('service');
  const ground = { settings: kafka.settings, topics: { partitions: 3, replication: 1 }, logger: silentLogger };
  const key = { privateKey: service.key, publicKey: service.keys.get(service.keyId)! };
  const publishing = kafkaPublishing(ground, '/test');
  const raw = new KafkaSender({ settings: kafka.settings, logger: silentLogger });
  let taker: ReportTaker | undefined;
  return {
    bus, book, service, rubbish: anyRubbish, tooLarge: 900_000,
    agent: (site, { name, key: privateKey, keyId }) =>
      kafkaChannel({ site, agent: name, identity: { privateKey, keyId } as never, logger: silentLogger, settings: kafka.settings, serviceKeys: service.keys }),
    async orders(orders) {
      await publishing.orders.sites([...new Set(orders.map((order) => order.site))]);
      await publishing.orders.orders.send(orders);
    },
    rawOrder: async (site, value) => void (await raw.send([{ topic: ordersTopic(site), key: 'x', value }])),
    rawReports: async (site, messages) => void (await raw.send(messages.map((value) => ({ topic: reportsTopic(site), key: 'x', value })))),
    startService() {
      taker = new ReportTaker({ ground, key, ports: intakePorts({ bus, book, clock: systemClock, logger: silentLogger }), book, everyMs: 100 });
      taker.start();
      return Promise.resolve();
    },
    async stopService() {
      await taker?.stop();
      taker = undefined;
    },
    async close() {
      await Promise.all([publishing.close(), raw.close(500)]);
      await workshop.close();
    },
  };
}

/** The real API over TLS on this machine, with a certificate of its own. */
export async function pullGround(): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), 'rollbook-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  execFileSync('openssl', ['req', '-x509', ...curve, '-nodes', '-days', '1', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const tls = { key: readFileSync(key), cert: readFileSync(cert) };
  const first = await TestService.open({ tls });
  const { database } = first;
  let service: TestService = first;
  let client: HttpClient | undefined = new HttpClient({ url: first.url, caFile: cert });
  const http: HttpPort = { request: (method, path, options) => client?.request(method, path, options) ?? Promise.reject(new Error('nobody answers')) };
  const signer = { ...newSigner('service'), key: first.serviceKey.privateKey, keyId: keyIdOf(first.serviceKey.publicKey) };
  signer.keys = new Map([[signer.keyId, first.serviceKey.publicKey]]);
  let position = 1_000_000;
  const put = async (letters: { site: string; node: string; position: number; message: string }[]) => {
    await new Mailbox(service.workerPool).put(letters.map((letter) => ({ ...letter, expiresAt: '2099-01-01T00:00:00.000Z' })));
    await service.workerPool.query(`insert into roll.follower (name, position) values ('publisher', 1) on conflict (name) do update set position = roll.follower.position + 1`);
  };
  const channel = (site: string, { name, key: privateKey, keyId }: Signer, cursor: number) =>
    new PullAgentChannel({ http, site, agent: name, key: privateKey, keyId, now: () => systemClock.now(), cursor, onTrouble: () => undefined, waitSeconds: 5 });
  return {
    get bus() {
      return service.bus;
    },
    get book() {
      return service.book;
    },
    service: signer, rubbish: anyRubbish.slice(3, 4).concat(Buffer.from('{}'), Buffer.from('{"envelope":null}')), tooLarge: 7 * 1024 * 1024,
    agent: channel,
    orders: (orders) => put(orders.map(({ bytes, ...order }) => ({ ...order, position: ++position, message: bytes.toString('utf8') }))),
    rawOrder: (site, bytes) => put([{ site, node: 'x', position: ++position, message: bytes.toString('utf8').replaceAll('\u0000', '') }]),
    rawReports: (site, messages, as) => channel(site, as, 0).send(messages.map((bytes) => ({ node: 'x', bytes }))),
    async stopService() {
      client?.close();
      client = undefined;
      service.database = { ...database, drop: () => Promise.resolve() };
      await service.close();
    },
    async startService() {
      if (client) return;
      service = await TestService.open({ tls, database });
      client = new HttpClient({ url: service.url, caFile: cert });
    },
    async close() {
      client?.close();
      service.database = database;
      await service.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
