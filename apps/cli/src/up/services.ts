import { join } from 'node:path';
import { ServiceProcess } from '#platform';
import type { Logger } from '#platform';
import { root } from '../context.js';
import type { DatabaseGround } from './ground.js';
import type { Home } from './home.js';

const stopLimitMs = 3_800;

export interface ServicesOptions {
  home: Home;
  database: DatabaseGround;
  port: number;
  nodesFile: string;
  logger: Logger;
  onGivenUp: (error: Error) => void;
}

/** The processes of one machine: api, worker, and an agent with the sandbox nodes. */
export class Services {
  private readonly running: ServiceProcess[] = [];
  private stopping = false;

  constructor(private readonly options: ServicesOptions) {}

  /** Starts them in the order in which they need each other. */
  async start(): Promise<void> {
    const { database, port, nodesFile } = this.options;
    const worker = this.add('worker', { DATABASE_URL: database.worker });
    const api = this.add('api', { DATABASE_URL: database.api, ROLLBOOK_PORT: String(port) });
    await Promise.all([api.start(), worker.start()]);
    if (this.stopping) return;
    await this.add('agent', { ROLLBOOK_URL: `http://127.0.0.1:${port}`, ROLLBOOK_NODES_FILE: nodesFile, ROLLBOOK_OBSERVE_SECONDS: '60' }).start();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.running.map((one) => one.stop(stopLimitMs)));
  }

  private add(name: string, env: Record<string, string>): ServiceProcess {
    const { home, logger, onGivenUp } = this.options;
    const service = new ServiceProcess({
      name, logger, onGivenUp, onStarted: (pid) => home.note({ processes: { [name]: pid } }), logFile: home.file('logs', `${name}.log`), program: join(root, `dist/apps/${name}/src/main.js`),
      env: { ROLLBOOK_HOME: home.path, ROLLBOOK_HOST: '127.0.0.1', ROLLBOOK_AUTH: 'loopback', ...env },
    });
    this.running.push(service);
    return service;
  }
}
