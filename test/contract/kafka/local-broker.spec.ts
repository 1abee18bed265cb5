import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { KafkaSender } from '../../../libs/platform/src/kafka/index.js';
import { startKafkaBroker } from '../../../libs/platform/src/local/kafka-broker.js';
import { installedKafka, installKafka } from '../../../libs/platform/src/local/kafka-broker-install.js';
import {
  guardArguments,
  guardChild,
} from '../../../libs/platform/src/local/kafka-broker-process.js';
import { isAlive } from '../../../libs/platform/src/local/processes.js';
import { readTopic, valuesOf } from '../../support/kafka-bare.js';
import { describeWithKafka, eventually, kafkaVersion, newTopic, quiet } from '../../support/kafka.js';

const scratch = mkdtempSync(join(tmpdir(), 'rollbook-local-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describeWithKafka('The development broker', { own: true }, (kafka) => {
  const dir = () => dirname(kafka.broker.logFile);
  const send = async (topic: string, value: string) => {
    const sender = new KafkaSender({ settings: kafka.settings, logger: quiet });
    await sender.send([{ topic, key: 'one', value: Buffer.from(value) }]);
    await sender.close();
  };

  it('keeps its records through an orderly restart and through a kill, on the same port', async () => {
    const topic = await newTopic(kafka);
    const { brokers } = kafka.broker;
    await send(topic, 'a');
    await kafka.broker.restart();
    await send(topic, 'b');
    await kafka.broker.kill();
    expect(await kafka.broker.ended()).toBe('ended by SIGKILL');
    await kafka.broker.restart();
    expect(kafka.broker.brokers).toBe(brokers);
    expect((await readTopic(kafka.brokers, topic)).map(valuesOf)).toEqual([['a', 'b']]);
  });

  it('does not start twice on one folder or on a taken port', async () => {
    await expect(startKafkaBroker({ dir: dir(), version: kafkaVersion })).rejects.toThrow(
      `a Kafka broker already runs on ${dir()} (process ${kafka.broker.pid}, owner ${process.pid})`,
    );
    const port = Number(kafka.broker.brokers.split(':')[1]);
    await expect(
      startKafkaBroker({ dir: join(scratch, 'other'), version: kafkaVersion, port }),
    ).rejects.toThrow(`port ${port} is taken`);
    expect(isAlive(kafka.broker.pid)).toBe(true);
  });

  it('ends a broker that its owner left behind, and starts on its data', async () => {
    const note = join(dir(), 'broker.json');
    const { pid } = kafka.broker;
    // No process has this id on Linux, where the largest is 4194304, or on macOS.
    writeFileSync(note, JSON.stringify({ pid, owner: 99_999_999 }));
    const successor = await startKafkaBroker({ dir: dir(), version: kafkaVersion, fast: true });
    expect(isAlive(pid)).toBe(false);
    await successor.stop();
    expect(existsSync(note)).toBe(false);
    writeFileSync(note, JSON.stringify({ pid: process.pid, owner: process.pid }));
    await kafka.broker.restart();
  });

  it('shows the end of its log when it dies while starting', async () => {
    const properties = { 'authorizer.class.name': 'no.such.Class' };
    const starting = startKafkaBroker({ dir: join(scratch, 'dying'), version: kafkaVersion, properties });
    await expect(starting).rejects.toThrow(
      /^Kafka died while starting \(ended with code 1\)[^]*no\.such\.Class/,
    );
    expect(existsSync(join(scratch, 'dying', 'broker.json'))).toBe(false);
  });
});

describe('The development broker without what it needs', () => {
  it('says what is missing', async () => {
    const cacheDir = join(scratch, 'nothing');
    const starting = startKafkaBroker({ dir: join(scratch, 'x'), cacheDir, env: { PATH: '/nowhere' } });
    await expect(starting).rejects.toThrow('A Kafka broker needs java 17 or newer and mvn (Apache Maven)');
    await expect(startKafkaBroker({ dir: scratch, version: '2.8.0' })).rejects.toThrow(
      'Kafka 2.8.0 is not supported',
    );
  });
});

/** A process that guards another one like `guardChild` does, and waits. */
function ownerScript(pid: number): string {
  const options = "{ stdio: ['pipe', 'ignore', 'ignore'], detached: true }";
  const guard = `spawn(process.execPath, ${JSON.stringify(guardArguments(pid))}, ${options})`;
  const rest = "console.log('up'); setInterval(() => 0, 1000)";
  return `const { spawn } = require('node:child_process'); ${guard}; ${rest}`;
}

describe('The guard of the development broker', () => {
  const idle = ['-e', 'setInterval(() => undefined, 1000)'];

  it('ends the process when its owner is killed', async () => {
    const child = spawn(process.execPath, idle, { stdio: 'ignore' });
    const owner = spawn(process.execPath, ['-e', ownerScript(child.pid!)], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise((resolve) => owner.stdout.once('data', resolve));
    expect(isAlive(child.pid!)).toBe(true);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    owner.kill('SIGKILL');
    await ended;
  });

  it('goes away when it is dismissed', async () => {
    const child = spawn(process.execPath, idle, { stdio: 'ignore' });
    guardChild(child.pid!)();
    child.kill('SIGKILL');
    await eventually('the end of the child', () => child.signalCode === 'SIGKILL');
  });
});

describe('installKafka', () => {
  const bin = join(scratch, 'bin');
  const env = { PATH: `${bin}:${process.env['PATH']}` };
  const maven = (script: string) => {
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'mvn'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, 'mvn'), 0o755);
  };
  const copying =
    'for a; do case $a in -DoutputDirectory=*) d=${a#*=};; esac; done; mkdir -p "$d"; echo jar > "$d/a.jar"';

  it('downloads once, also when two want it at once, and leaves no pieces', async () => {
    maven(copying);
    const cache = join(scratch, 'once');
    const libs = await Promise.all([1, 2, 3].map(() => installKafka('4.4.0', cache, env)));
    expect(new Set(libs)).toEqual(new Set([join(cache, 'kafka-4.4.0')]));
    expect(readdirSync(cache)).toEqual(['kafka-4.4.0']);
    maven('exit 1');
    expect(await installKafka('4.4.0', cache, env)).toBe(libs[0]);
  });

  it('downloads again what was damaged', async () => {
    maven(copying);
    const cache = join(scratch, 'damaged');
    const lib = await installKafka('4.4.0', cache, env);
    truncateSync(join(lib, 'a.jar'), 1);
    expect(installedKafka('4.4.0', cache)).toBeUndefined();
    await installKafka('4.4.0', cache, env);
    expect(installedKafka('4.4.0', cache)).toBe(lib);
    expect(readdirSync(cache)).toEqual(['kafka-4.4.0']);
  });

  it('shows what Maven said when it fails, and leaves nothing', async () => {
    maven('echo "no such artifact" >&2; exit 1');
    const cache = join(scratch, 'failing');
    await expect(installKafka('4.4.0', cache, env)).rejects.toThrow(
      'Maven could not bring Kafka 4.4.0 (1):\nno such artifact',
    );
    expect(readdirSync(cache)).toEqual([]);
  });
});
