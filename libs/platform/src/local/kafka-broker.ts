import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fetchApiVersions } from '../kafka/api-versions.js';
import {
  claimNote,
  loggingArgument,
  loggingProperties,
  newClusterId,
  noteAge,
  readNote,
  removeNote,
  serverProperties,
  writeNote,
} from './kafka-broker-files.js';
import { defaultCacheDir, installKafka } from './kafka-broker-install.js';
import { portIsFree } from './free-port.js';
import { steadyPort } from './kafka-broker-ports.js';
import {
  defaultKafkaVersion,
  javaProgram,
  kafkaPrerequisites,
  neededJava,
} from './kafka-broker-prerequisites.js';
import {
  endStranger,
  guardChild,
  runsWith,
  sizeOf,
  startChild,
  tailOf,
  textAfter,
  waitUntil,
} from './kafka-broker-process.js';
import { isAlive } from './processes.js';
import type { BrokerListener } from './kafka-broker-files.js';
import type { Ending, RunningChild } from './kafka-broker-process.js';

export { defaultKafkaVersion, kafkaPrerequisites } from './kafka-broker-prerequisites.js';
export type { KafkaPrerequisites } from './kafka-broker-prerequisites.js';

export interface KafkaBrokerOptions {
  /** Where data, settings and log live; made when missing, its records are kept from start to start. */
  dir: string;
  /** Apache Kafka, 4.x or 3.9.x; 4.4.0 unless given. */
  version?: string;
  /** On the loopback address; 0, the default, picks a free one. */
  port?: number;
  /** Where downloads are kept; the operating system's cache folder unless given. */
  cacheDir?: string;
  /** Instead of this process's environment. */
  env?: NodeJS.ProcessEnv;
  /** Back sooner after a kill, and short sessions allowed; for tests. */
  fast?: boolean;
  /** host:port that clients are told to use when something stands in front of the broker. */
  advertised?: string;
  /** PLAINTEXT unless given; what the others need goes into `properties`. */
  listener?: BrokerListener;
  /** Further lines of server.properties, or other values for those set here. */
  properties?: Record<string, string>;
  /** SCRAM-SHA-512 users, made when the data folder is new. */
  users?: { name: string; password: string }[];
}

/** A broker for development and tests: one process on the loopback address, without replicas. */
export interface KafkaBroker {
  /** host:port to connect to (not the advertised one). */
  readonly brokers: string;
  /** Of the running or the last process. */
  readonly pid: number;
  readonly logFile: string;
  /** Resolves with how the present process ended. */
  ended(): Promise<Ending>;
  /** Ends it in order. */
  stop(): Promise<void>;
  /** Ends it at once, with SIGKILL. */
  kill(): Promise<void>;
  /** Stops it if it runs and starts it again on the same port and data. */
  restart(): Promise<void>;
}

const startLimitMs = 60_000;
const stopLimitMs = 15_000;
const unreadableMs = 2_000;
const heap = ['-Xms256m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/**
 * Brings Apache Kafka, prepares the folder and starts one broker; resolves when it answers.
 *
 * @throws with what is missing (Java, Maven), with who already runs on the folder, or with the end of the
 *   log when it dies while starting
 */
export async function startKafkaBroker(options: KafkaBrokerOptions): Promise<KafkaBroker> {
  const version = options.version ?? defaultKafkaVersion;
  const cacheDir = options.cacheDir ?? defaultCacheDir();
  const env = options.env ?? process.env;
  neededJava(version);
  const { missing } = kafkaPrerequisites(version, cacheDir, env);
  if (missing.length > 0) throw new Error(`A Kafka broker needs ${missing.join(' and ')}`);
  const dir = resolve(options.dir);
  if (dir.includes(',')) throw new Error(`Kafka would take the comma in ${dir} for two folders`);
  const lib = await installKafka(version, cacheDir, env);
  const port = options.port ? await demandPort(options.port) : await steadyPort();
  const broker = new LocalBroker(dir, lib, version, port, options, env);
  await broker.start();
  return broker;
}

async function demandPort(port: number): Promise<number> {
  if (await portIsFree(port)) return port;
  throw new Error(`port ${port} is taken`);
}

class LocalBroker implements KafkaBroker {
  readonly brokers: string;
  readonly logFile: string;
  private readonly propertiesFile: string;
  private child: RunningChild | undefined;
  private logStart = 0;

  constructor(
    private readonly dir: string,
    private readonly lib: string,
    private readonly version: string,
    private readonly port: number,
    private readonly options: KafkaBrokerOptions,
    private readonly env: NodeJS.ProcessEnv,
  ) {
    this.brokers = `127.0.0.1:${port}`;
    this.logFile = join(dir, 'kafka.log');
    this.propertiesFile = join(dir, 'server.properties');
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  async start(): Promise<void> {
    mkdirSync(this.dir, { recursive: true });
    await this.claim();
    try {
      await this.prepare();
    } catch (error) {
      removeNote(this.dir);
      throw error;
    }
    this.logStart = sizeOf(this.logFile);
    const child = startChild(...this.java('kafka.Kafka', this.propertiesFile), this.logFile, this.env);
    this.child = child;
    const dismissGuard = child.pid > 0 ? guardChild(child.pid) : () => undefined;
    writeNote(this.dir, { pid: child.pid, owner: process.pid });
    void child.ended.then(() => {
      dismissGuard();
      if (readNote(this.dir)?.pid === child.pid) removeNote(this.dir);
    });
    await this.untilReady(child);
  }

  ended(): Promise<Ending> {
    return this.child?.ended ?? Promise.resolve('never started');
  }

  async stop(): Promise<void> {
    this.child?.signal('SIGTERM');
    const timer = setTimeout(() => this.child?.signal('SIGKILL'), stopLimitMs);
    await this.ended();
    clearTimeout(timer);
  }

  async kill(): Promise<void> {
    this.child?.signal('SIGKILL');
    await this.ended();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** A broker that its owner left behind is ended; one whose owner lives is not ours to touch. */
  private async claim(): Promise<void> {
    while (!claimNote(this.dir, process.pid)) {
      const age = noteAge(this.dir);
      // A note that cannot be read is either being written now or damaged.
      const { pid, owner } = readNote(this.dir) ?? { pid: 0, owner: age < unreadableMs ? process.pid : 0 };
      const runs = pid > 0 && runsWith(pid, this.propertiesFile);
      const prepares = pid === 0 && age < startLimitMs;
      if ((runs || prepares) && owner > 0 && isAlive(owner)) {
        throw new Error(
          `a Kafka broker already runs on ${this.dir} (process ${pid || 'starting'}, owner ${owner})`,
        );
      }
      if (runs) await endStranger(pid, stopLimitMs);
      removeNote(this.dir);
    }
  }

  private async prepare(): Promise<void> {
    const { dir, port, version, options } = this;
    const dataDir = join(dir, 'data');
    const layout = {
      listener: options.listener ?? 'PLAINTEXT',
      port,
      controllerPort: await steadyPort(),
      advertised: options.advertised ?? this.brokers,
      dataDir,
      version,
      fast: options.fast ?? false,
      properties: options.properties ?? {},
    };
    writeFileSync(this.propertiesFile, serverProperties(layout));
    writeFileSync(this.loggingFile(), loggingProperties(version));
    if (existsSync(join(dataDir, 'meta.properties'))) return;
    const users = (options.users ?? []).flatMap((user) => [
      '-S',
      `SCRAM-SHA-512=[name=${user.name},password=${user.password}]`,
    ]);
    const from = sizeOf(this.logFile);
    const format = ['format', '-t', newClusterId(), '-c', this.propertiesFile, ...users];
    const formatted = await startChild(
      ...this.java('kafka.tools.StorageTool', ...format),
      this.logFile,
      this.env,
    ).ended;
    if (formatted !== 'ended with code 0')
      throw this.failure('Kafka could not format its folder', formatted, from);
  }

  private loggingFile(): string {
    return join(this.dir, 'logging.properties');
  }

  private java(...mainAndArguments: string[]): [string, string[]] {
    const logging = loggingArgument(this.version, this.loggingFile());
    return [javaProgram(this.env), [...heap, logging, '-cp', join(this.lib, '*'), ...mainAndArguments]];
  }

  private async untilReady(child: RunningChild): Promise<void> {
    let ending: Ending | undefined;
    void child.ended.then((how) => (ending = how));
    const ready = await waitUntil(async () => {
      if (ending !== undefined) throw this.failure('Kafka died while starting', ending, this.logStart);
      return (
        textAfter(this.logFile, this.logStart).includes('Kafka Server started') && (await this.answers())
      );
    }, startLimitMs);
    if (ready) return;
    await this.kill();
    throw this.failure('Kafka did not start', `not ready after ${startLimitMs} ms`, this.logStart);
  }

  private async answers(): Promise<boolean> {
    // Without the authority that the certificate is from, only the log can tell.
    if (this.options.listener?.endsWith('SSL')) return true;
    return fetchApiVersions(this.brokers, undefined, 2_000).then(
      () => true,
      () => false,
    );
  }

  private failure(what: string, how: string, from: number): Error {
    return new Error(`${what} (${how}); the end of ${this.logFile}:\n${tailOf(this.logFile, from)}`);
  }
}
