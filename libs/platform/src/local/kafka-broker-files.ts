import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How clients reach the broker; what goes with one of the secure ones stands in `properties`. */
export type BrokerListener = 'PLAINTEXT' | 'SASL_PLAINTEXT' | 'SSL' | 'SASL_SSL';

export interface BrokerLayout {
  listener: BrokerListener;
  port: number;
  controllerPort: number;
  /** host:port that clients are told to use; differs from the listener when something stands in front. */
  advertised: string;
  dataDir: string;
  version: string;
  /** Quick elections after a kill and short sessions, for tests. */
  fast: boolean;
  /** Further lines, or other values for these. */
  properties: Record<string, string>;
}

/** What a broker leaves beside its data, so that the next start knows of it. */
export interface BrokerNote {
  /** Of the broker; 0 while its owner still prepares the folder. */
  pid: number;
  /** The process that started it. */
  owner: number;
}

const ofFastBroker = {
  // The broker's registration from before a kill has to expire first: 12 to 15 s with the default of 9 s.
  'broker.session.timeout.ms': '1500',
  'broker.heartbeat.interval.ms': '300',
  'group.min.session.timeout.ms': '500',
};

/** One process that is broker and controller; static voters, so that the same file serves 3.9 and 4.x. */
export function serverProperties(layout: BrokerLayout): string {
  const { listener, port, controllerPort, advertised, dataDir, version, fast, properties } = layout;
  const lines: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `${listener}://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `${listener}://${advertised}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': listener,
    'listener.security.protocol.map':
      'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL',
    'log.dirs': dataDir,
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '1',
    'group.initial.rebalance.delay.ms': '0',
    'log.cleaner.dedupe.buffer.size': '2097152',
    'auto.create.topics.enable': 'false',
    ...(version.startsWith('3.')
      ? {}
      : {
          'share.coordinator.state.topic.replication.factor': '1',
          'share.coordinator.state.topic.min.isr': '1',
        }),
    ...(fast ? ofFastBroker : {}),
    ...properties,
  };
  // The properties format gives a backslash a meaning, and Windows paths are full of them.
  const text = Object.entries(lines).map(([name, value]) => `${name}=${value.replaceAll('\\', '\\\\')}`);
  return `${text.join('\n')}\n`;
}

/** Settings that send everything to standard output; 4.x finds them only in a file named *.properties. */
export function loggingProperties(version: string): string {
  const pattern = '[%d] %p %m (%c)%n';
  return version.startsWith('3.')
    ? [
        'log4j.rootLogger=INFO, out',
        'log4j.appender.out=org.apache.log4j.ConsoleAppender',
        'log4j.appender.out.layout=org.apache.log4j.PatternLayout',
        `log4j.appender.out.layout.ConversionPattern=${pattern}`,
        '',
      ].join('\n')
    : [
        'status=error',
        'appender.out.type=Console',
        'appender.out.name=out',
        'appender.out.layout.type=PatternLayout',
        `appender.out.layout.pattern=${pattern}`,
        'rootLogger.level=INFO',
        'rootLogger.appenderRef.out.ref=out',
        '',
      ].join('\n');
}

/** How java is told to use that file. */
export function loggingArgument(version: string, path: string): string {
  return version.startsWith('3.')
    ? `-Dlog4j.configuration=file:${path}`
    : `-Dlog4j2.configurationFile=${path}`;
}

/** 22 characters of base64url; the tool that formats would take a leading dash for an option. */
export function newClusterId(random: (size: number) => Buffer = randomBytes): string {
  for (;;) {
    const id = random(16).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}

const noteFile = 'broker.json';

export function readNote(dir: string): BrokerNote | undefined {
  try {
    const note = JSON.parse(readFileSync(join(dir, noteFile), 'utf8')) as Partial<
      Record<keyof BrokerNote, unknown>
    >;
    const sound = [note.pid, note.owner].every((value) => Number.isSafeInteger(value) && Number(value) >= 0);
    return sound ? (note as BrokerNote) : undefined;
  } catch {
    return undefined;
  }
}

export function writeNote(dir: string, note: BrokerNote): void {
  writeFileSync(join(dir, noteFile), JSON.stringify(note));
}

/** Claims the folder; false when there is a note already. Of two processes that try at once one succeeds. */
export function claimNote(dir: string, owner: number): boolean {
  try {
    writeFileSync(join(dir, noteFile), JSON.stringify({ pid: 0, owner } satisfies BrokerNote), {
      flag: 'wx',
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** How long the note has stood, in milliseconds. */
export function noteAge(dir: string): number {
  return Date.now() - (statSync(join(dir, noteFile), { throwIfNoEntry: false })?.mtimeMs ?? 0);
}

export function removeNote(dir: string): void {
  rmSync(join(dir, noteFile), { force: true });
}
