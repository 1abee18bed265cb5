import { NestFactory } from '@nestjs/core';
import { CommandBus } from '@nestjs/cqrs';
import type { Pool } from 'pg';
import { Book, CommandsModule, intakePorts, postgresPorts } from '#commands';
import { newId } from '#platform';
import type { Clock, Logger, Settings } from '#platform';
import { Mailbox } from '#projections';
import type { SigningKey } from '#proof';
import { conductor } from './conductor/conductor.js';
import { FollowerLoop } from './follower.js';
import type { Follower } from './follower.js';
import { ReportTaker, checkKafka, kafkaPublishing } from './kafka/kafka.js';
import type { KafkaGround } from './kafka/kafka.js';
import { gates } from './gates/gates.js';
import type { GatesOptions } from './gates/gates.js';
import { projector } from './projector/projector.js';
import { OrderLetters, kafkaDelivery, mailboxDelivery } from './publisher/orders.js';
import { eventPublisher, orderPublisher, publisher } from './publisher/publisher.js';
import { Tail } from './tail.js';

export interface WorkerOptions {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  followers: Settings['followers'];
  key: SigningKey;
  /** CloudEvents source. */
  source: string;
  kafka?: KafkaGround;
  /** How gates reach what they ask. */
  outside?: GatesOptions['outside'];
}

export interface RunningWorker {
  stop(): Promise<void>;
}

/** Starts the followers that were asked for, each under its lease. */
export async function startWorker({ pool, clock, logger, followers, key, source, kafka, outside = { allowHttp: false } }: WorkerOptions): Promise<RunningWorker> {
  const ports = postgresPorts(pool, clock);
  const { ledger } = ports;
  const app = await NestFactory.createApplicationContext(CommandsModule.over(ports), { logger: false, abortOnError: false });
  const [book, bus] = [app.get(Book), app.get(CommandBus)];
  const tail = new Tail(ledger, logger);
  if (kafka) await checkKafka(kafka).catch((error: unknown) => logger.error('Kafka is not ready', { error }));
  const publishing = kafka && followers.includes('publisher') ? kafkaPublishing(kafka, source) : undefined;
  const chosen: Follower[] = [];
  if (followers.includes('projector')) chosen.push(projector(pool, ledger));
  if (followers.includes('conductor')) {
    chosen.push(conductor({ pool, reader: ledger, book, bus, clock }), gates({ pool, reader: ledger, book, bus, clock, logger, outside }));
  }
  if (followers.includes('publisher')) {
    const [mailbox, letters, ground] = [new Mailbox(pool), new OrderLetters(book, key), { pool, reader: ledger }];
    chosen.push(publisher({ ...ground, mailbox, clock, orders: mailboxDelivery(letters, mailbox, kafka !== undefined) }));
    if (publishing) {
      chosen.push(orderPublisher({ ...ground, orders: kafkaDelivery(letters, publishing.orders) }), eventPublisher({ ...ground, events: publishing.events }));
    }
  }
  const holder = `worker-${process.pid}-${newId().slice(0, 8)}`;
  const loops = chosen.map((follower) => new FollowerLoop(follower, { pool, tail, logger, clock, holder }));
  const taker = kafka && followers.includes('receiver') ? new ReportTaker({ ground: kafka, key, ports: intakePorts({ bus, book, clock, logger }), book }) : undefined;
  tail.start();
  for (const loop of loops) loop.start();
  taker?.start();
  return {
    async stop() {
      await Promise.all([...loops.map((loop) => loop.stop()), taker?.stop(), tail.stop()]);
      await publishing?.close();
      await app.close();
    },
  };
}
