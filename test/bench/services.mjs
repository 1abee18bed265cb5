/* global fetch */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceProcess, freePort, silentLogger } from '../../dist/libs/platform/src/index.js';
import { root } from './ground.mjs';

/** The real api and worker as processes of their own, over a database of the bench. */
export class Services {
  pids = {};

  static async start(ground, database, names = ['worker', 'api']) {
    const services = new Services();
    services.home = join(ground.folder, 'home');
    mkdirSync(join(services.home, 'logs'), { recursive: true });
    const port = await freePort();
    services.url = `http://127.0.0.1:${port}`;
    const env = { ROLLBOOK_HOME: services.home, ROLLBOOK_HOST: '127.0.0.1', ROLLBOOK_PORT: String(port), ROLLBOOK_AUTH: 'loopback', ROLLBOOK_LOG: 'warn', KAFKA_BROKERS: '' };
    const urls = { worker: database.worker, api: database.app };
    await Promise.all(names.map((name) => services.#start(ground, name, { ...env, DATABASE_URL: urls[name] })));
    return services;
  }

  #start(ground, name, env) {
    const process = new ServiceProcess({
      name, env, program: join(root, `dist/apps/${name}/src/main.js`), logFile: join(this.home, 'logs', `${name}.log`), logger: silentLogger,
      onStarted: (pid) => (this.pids[name] = pid),
      onGivenUp: (error) => ground.say(`bench: ${error.message}`),
    });
    ground.onEnd(() => process.stop(5_000));
    return process.start();
  }

  get enrolmentToken() {
    return readFileSync(join(this.home, 'keys/enrolment.token'), 'utf8').trim();
  }

  async json(method, path, body) {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const answer = await fetch(`${this.url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const read = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path} was answered with ${answer.status}: ${JSON.stringify(read)}`);
    return read;
  }
}
