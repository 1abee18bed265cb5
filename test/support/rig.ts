import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { CommandBus } from '@nestjs/cqrs';
import type { INestApplicationContext } from '@nestjs/common';
import type { Pool } from 'pg';
import { Book, CommandsModule, EnrolAgent, ImportCatalogue, PlanRollout, StartRollout, intakePorts, postgresPorts } from '#commands';
import { Intake, MemoryChannel, loadCatalogues, sealReceipt } from '#messaging';
import { newId, openPool, silentLogger, systemClock } from '#platform';
import { Mailbox } from '#projections';
import { keyIdOf, newSigningKey, publicKeyPem } from '#proof';
import type { SigningKey } from '#proof';
import { Agent } from '../../apps/agent/src/agent.js';
import type { ServedNode } from '../../apps/agent/src/nodes.js';
import { readProducts } from '../../apps/agent/src/nodes.js';
import type { StepResult, StepWish } from '../../apps/agent/src/steps/step.js';
import { conductor } from '../../apps/worker/src/conductor/conductor.js';
import { FollowerLoop } from '../../apps/worker/src/follower.js';
import { projector } from '../../apps/worker/src/projector/projector.js';
import { OrderDelivery } from '../../apps/worker/src/publisher/orders.js';
import { publisher } from '../../apps/worker/src/publisher/publisher.js';
import { Tail } from '../../apps/worker/src/tail.js';
import { root } from '../houserules/sources.js';
import { createDatabase } from './database.js';
import type { TestDatabase } from './database.js';

const site = 'local';

/** The service in this process over a real database, with agents in this process over a channel in memory. */
export class Rig {
  readonly folder = mkdtempSync(join(tmpdir(), 'rollbook-service-'));
  readonly channel: MemoryChannel;
  private readonly agents: Agent[] = [];
  private readonly loops: FollowerLoop[];
  private readonly key: SigningKey = newSigningKey();

  private constructor(
    readonly database: TestDatabase,
    readonly pool: Pool,
    private readonly app: INestApplicationContext,
    private readonly tail: Tail,
  ) {
    const book = app.get(Book);
    const reader = book.ledger;
    const mailbox = new Mailbox(pool);
    const serviceKeys = new Map([[keyIdOf(this.key.publicKey), this.key.publicKey]]);
    this.channel = new MemoryChannel((receipt) => sealReceipt(receipt, this.key.privateKey), serviceKeys);
    const orders = new OrderDelivery({ book, mailbox, key: this.key, kafka: { orders: this.channel, sites: () => Promise.resolve() } });
    const ground = { pool, tail, logger: silentLogger, clock: systemClock, holder: newId() };
    this.loops = [
      projector(pool, reader), conductor({ pool, reader, book, bus: this.bus, clock: systemClock }),
      publisher({ pool, reader, mailbox, clock: systemClock, orders }),
    ].map((follower) => new FollowerLoop(follower, ground));
  }

  static async start(): Promise<Rig> {
    const database = await createDatabase();
    const pool = await openPool({ url: database.worker, name: 'test service', max: 12, logger: silentLogger });
    const app = await NestFactory.createApplicationContext(CommandsModule.over(postgresPorts(pool, systemClock)), { logger: false, abortOnError: false });
    const tail = new Tail(app.get(Book).ledger, silentLogger);
    const service = new Rig(database, pool, app, tail);
    tail.start();
    for (const loop of service.loops) loop.start();
    const intake = new Intake(intakePorts({ bus: service.bus, book: service.book, clock: systemClock, logger: silentLogger }));
    await service.channel.start((of, messages) => intake.take(of, messages));
    return service;
  }

  get bus(): CommandBus {
    return this.app.get(CommandBus);
  }

  get book(): Book {
    return this.app.get(Book);
  }

  person() {
    return { command: newId(), actor: { kind: 'person' as const, ref: 'tester' } };
  }

  async importCatalogue(folder = join(root, 'catalog')): Promise<void> {
    for (const catalogue of loadCatalogues(folder)) {
      const outcome = await this.bus.execute(new ImportCatalogue(this.person(), catalogue));
      if (!outcome.ok) throw new Error(`not imported: ${JSON.stringify(outcome.refusal)}`);
    }
  }

  /** An agent of these nodes; `carryOut` stands in the place of the real steps, or around them. */
  async addAgent(name: string, nodes: readonly ServedNode[], options: { mirror: string; carryOut?: (wish: StepWish) => Promise<StepResult>; stepsAtOnce?: number; observe?: boolean; catalog?: string }): Promise<Agent> {
    const key = newSigningKey();
    const keyId = keyIdOf(key.publicKey);
    await this.bus.execute(new EnrolAgent({ ...this.person() }, site, { agent: name, keyId, publicKey: publicKeyPem(key.publicKey), channel: 'kafka' }));
    const served = new Map(nodes.map((node) => [node.node, node]));
    const { observe = true, catalog = join(root, 'catalog'), ...rest } = options;
    const agent = new Agent({
      site, agent: name, state: mkdtempSync(join(this.folder, 'agent-')), identity: { ...key, keyId, publicPem: publicKeyPem(key.publicKey) },
      serviceKeys: new Map([[keyIdOf(this.key.publicKey), this.key.publicKey]]), nodes: served, products: readProducts(catalog, served),
      observeSeconds: 3_600, clock: systemClock, logger: silentLogger, channel: () => this.channel.agent(site, name), ...rest,
    });
    this.agents.push(agent);
    await agent.start({ observe });
    return agent;
  }

  async plan(nodes: string[], strategy: object, of: { product: string; to: string; method?: string } = { product: 'orchat', to: 'v0.7.0' }): Promise<string> {
    const planned = await this.bus.execute(new PlanRollout(this.person(), { ...of, selector: 'all', nodes, strategy, dryRun: false }));
    if (!planned.ok) throw new Error(`not planned: ${JSON.stringify(planned.refusal)}`);
    return planned.rollout;
  }

  async startRollout(rollout: string): Promise<void> {
    const started = await this.bus.execute(new StartRollout(this.person(), rollout, null));
    if (!started.ok) throw new Error(`not started: ${JSON.stringify(started.refusal)}`);
  }

  async stop(): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.stop()));
    await this.channel.stop();
    await Promise.all(this.loops.map((loop) => loop.stop()));
    await this.tail.stop();
    await this.app.close();
    await this.pool.end();
    await this.database.drop();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
