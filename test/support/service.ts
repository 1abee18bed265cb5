import 'reflect-metadata';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { CommandBus } from '@nestjs/cqrs';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { Book } from '#commands';
import { PostgresReader } from '#ledger';
import { jsonLogger, newId, openDataSource, openPool, systemClock } from '#platform';
import type { Logger } from '#platform';
import { entities, projectOn, projections, takeLease } from '#projections';
import { newSigningKey, publicKeyPem } from '#proof';
import { Access } from '../../apps/api/src/access/access.js';
import { openApi } from '../../apps/api/src/api.js';
import { createDatabase } from './database.js';
import type { TestDatabase } from './database.js';
import { call } from './http.js';
import type { Answer, Call } from './http.js';

export type LogLine = { level: string; message: string; [field: string]: unknown };

export interface ServiceOptions {
  /** Tokens by role; with them the service asks for one. */
  tokens?: { sha256: string; ref: string; role: string }[];
  tls?: { cert: Buffer; key: Buffer };
  limits?: Parameters<typeof openApi>[0]['limits'];
  /** Instead of a new one. */
  database?: TestDatabase;
}

export const enrolmentSecret = 'the-secret-of-these-tests';

/** The API in this process over a database of its own. Nothing is projected before a test asks for it. */
export class TestService {
  readonly logs: LogLine[] = [];
  readonly serviceKey = newSigningKey();
  database: TestDatabase;
  pool: Pool;
  workerPool: Pool;
  app: NestExpressApplication;
  url: string;
  private source: DataSource;
  private readonly folder = mkdtempSync(join(tmpdir(), 'rollbook-api-'));
  private closed: Promise<void> | undefined;

  static async open(options: ServiceOptions = {}): Promise<TestService> {
    const service = new TestService();
    await service.start(options);
    return service;
  }

  private async start({ tokens, tls, limits, database }: ServiceOptions): Promise<void> {
    this.database = database ?? (await createDatabase());
    const logger = this.logger();
    this.pool = await openPool({ url: this.database.app, name: 'test api', max: 10, logger });
    this.workerPool = await openPool({ url: this.database.worker, name: 'test worker', max: 4, logger });
    this.source = await openDataSource({ url: this.database.app, name: 'test api reads', max: 10, entities });
    const file = (name: string, text: string) => (writeFileSync(join(this.folder, name), text), join(this.folder, name));
    const lines = (tokens ?? []).map(({ sha256, ref, role }) => `${sha256} ${ref} ${role}`);
    const access = new Access({
      auth: tokens ? 'token' : 'loopback', tokensFile: tokens && file('tokens', `# tokens\n\n${lines.join('\n')}\n`),
      operatorFile: join(this.folder, 'operator.ref'),
    });
    this.app = await openApi({
      pool: this.pool, source: this.source, clock: systemClock, logger, access,
      enrolmentTokenFile: file('enrolment.token', `${enrolmentSecret}\n`),
      servicePublicKeyFile: file('service.pub.pem', publicKeyPem(this.serviceKey.publicKey)),
      ...(tls ? { tls } : {}), ...(limits ? { limits } : {}),
    });
    await this.app.listen(0, '127.0.0.1');
    const { port } = this.app.getHttpServer().address() as { port: number };
    this.url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  }

  private logger(): Logger {
    return jsonLogger('debug', {}, (line) => void this.logs.push(JSON.parse(line) as LogLine));
  }

  get bus(): CommandBus {
    return this.app.get(CommandBus);
  }

  get book(): Book {
    return this.app.get(Book);
  }

  get reader(): PostgresReader {
    return new PostgresReader(this.pool);
  }

  call(method: string, path: string, options: Call = {}): Promise<Answer> {
    return call(this.url, method, path, options);
  }

  get(path: string, headers: Call['headers'] = {}): Promise<Answer> {
    return this.call('GET', path, { headers });
  }

  post(path: string, body: unknown = {}, headers: Call['headers'] = {}): Promise<Answer> {
    return this.call('POST', path, { body, headers });
  }

  async size(): Promise<number> {
    return (await this.reader.head()).position;
  }

  /** Brings every read model to the head of the ledger, as the worker would. */
  async project(): Promise<void> {
    const lease = await takeLease(this.workerPool, 'projector', 'test', 60);
    if (!lease) throw new Error('another projector runs');
    for (const projection of projections) {
      while ((await projectOn(this.workerPool, new PostgresReader(this.workerPool), projection, lease)) > 0);
    }
  }

  /** Registers nodes and brings the read models up; returns their names. */
  async register(names: readonly string[], labels: { [name: string]: string } = {}): Promise<void> {
    for (const node of names) {
      const answer = await this.post('/v1/nodes', { node, site: 'local', product: 'orchat', labels }, { 'idempotency-key': newId() });
      if (answer.status !== 201) throw new Error(`${node} was not registered: ${answer.text}`);
    }
    await this.project();
  }

  /** Ends the API, then what it stood on; the database goes with it. */
  close(): Promise<void> {
    this.closed ??= (async () => {
      await this.app.close();
      await Promise.all([this.pool.end(), this.workerPool.end(), this.source.destroy()]);
      await this.database.drop();
      rmSync(this.folder, { recursive: true, force: true });
    })();
    return this.closed;
  }
}
