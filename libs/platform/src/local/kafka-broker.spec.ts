import { loggingArgument, loggingProperties, newClusterId, serverProperties } from './kafka-broker-files.js';
import { kafkaPrerequisites, neededJava, releaseIn } from './kafka-broker-prerequisites.js';

const layout = {
  listener: 'PLAINTEXT',
  port: 19_092,
  controllerPort: 19_093,
  advertised: '127.0.0.1:29092',
  dataDir: '/somewhere/data',
  version: '4.4.0',
  fast: false,
  properties: {},
} as const;

describe('the settings of the development broker', () => {
  it('listen on the loopback address only and tell clients the advertised one', () => {
    const lines = serverProperties(layout).split('\n');
    expect(lines).toContain('listeners=PLAINTEXT://127.0.0.1:19092,CONTROLLER://127.0.0.1:19093');
    expect(lines).toContain('advertised.listeners=PLAINTEXT://127.0.0.1:29092');
    expect(lines).toContain('auto.create.topics.enable=false');
  });

  it('leave out what 3.9 does not know, and what only tests want', () => {
    expect(serverProperties(layout)).toContain('share.coordinator');
    expect(serverProperties({ ...layout, version: '3.9.1' })).not.toContain('share.coordinator');
    expect(serverProperties(layout)).not.toContain('broker.session.timeout.ms');
    expect(serverProperties({ ...layout, fast: true })).toContain('broker.session.timeout.ms=1500');
  });

  it('let the caller add and change lines', () => {
    const text = serverProperties({ ...layout, properties: { 'log.retention.ms': '1', 'node.id': '2' } });
    expect(text).toContain('log.retention.ms=1\n');
    expect(text).toContain('node.id=2\n');
    expect(text).not.toContain('node.id=1\n');
  });

  it('survive a backslash in the path', () => {
    expect(serverProperties({ ...layout, dataDir: 'C:\\data' })).toContain('log.dirs=C:\\\\data\n');
  });

  it('log in the way of the version', () => {
    expect(loggingProperties('4.4.0')).toContain('rootLogger.appenderRef');
    expect(loggingProperties('3.9.1')).toContain('log4j.rootLogger');
    expect(loggingArgument('4.4.0', '/x/logging.properties')).toBe(
      '-Dlog4j2.configurationFile=/x/logging.properties',
    );
    expect(loggingArgument('3.9.1', '/x/logging.properties')).toBe(
      '-Dlog4j.configuration=file:/x/logging.properties',
    );
  });
});

describe('newClusterId', () => {
  it('never begins with a dash', () => {
    const drawn = [Buffer.alloc(16, 0xfb), Buffer.alloc(16, 1)];
    const id = newClusterId(() => drawn.shift()!);
    expect(Buffer.alloc(16, 0xfb).toString('base64url')).toMatch(/^-/);
    expect(id).toBe('AQEBAQEBAQEBAQEBAQEBAQ');
    expect(id).toHaveLength(22);
  });
});

describe('kafkaPrerequisites', () => {
  it('reads the release of Java in its various spellings', () => {
    expect(releaseIn('openjdk version "17.0.15" 2025-04-15')).toBe(17);
    expect(releaseIn('java version "1.8.0_412"')).toBe(8);
    expect(releaseIn('openjdk version "25" 2025-09-16')).toBe(25);
    expect(releaseIn('command not found')).toBeUndefined();
  });

  it('knows what each line of Kafka needs, and refuses others', () => {
    expect([neededJava('4.4.0'), neededJava('3.9.1')]).toEqual([17, 11]);
    for (const version of ['3.8.0', '2.8.2', '5.0.0', '4', '4.4.0-rc1', '../4.4.0']) {
      expect(() => neededJava(version)).toThrow('is not supported here');
    }
  });

  it('names what is missing', () => {
    const env = { PATH: '/nowhere' };
    expect(kafkaPrerequisites('4.4.0', '/nowhere', env)).toEqual({
      missing: ['java 17 or newer', 'mvn (Apache Maven)'],
    });
  });
});
