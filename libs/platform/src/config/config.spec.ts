import { ConfigError, followerNames, readSettings, settings } from './config.js';

const problemsOf = (env: Record<string, string>) => {
  try {
    readSettings(env);
    return [];
  } catch (error) {
    return (error as ConfigError).problems;
  }
};

it('has a value or a stated absence for every setting when nothing is set', () => {
  const { kafkaBrokers, followers, ...rest } = readSettings({});
  expect(kafkaBrokers).toEqual([]);
  expect(followers).toEqual([...followerNames]);
  expect(rest).toMatchObject({
    port: 7420, host: '127.0.0.1', log: 'info', kafkaMechanism: 'scram-sha-512', kafkaReplication: 1, kafkaPartitions: 12, workerPort: 0,
    auth: 'loopback', site: 'local', agent: 'agent-1', observeSeconds: 300, allowHttp: false,
  });
  const unset = Object.entries(rest).filter(([, value]) => value === undefined).map(([key]) => key);
  expect(unset.sort()).toEqual([
    'agentState', 'artifacts', 'caFile', 'catalog', 'database', 'enrolmentTokenFile', 'home', 'kafkaCaFile', 'kafkaPasswordFile', 'kafkaUsername',
    'nodesFile', 'schemaDatabase', 'serviceKeyFile', 'servicePublicKeyFile', 'tlsCertFile', 'tlsKeyFile', 'tokenFile', 'tokensFile', 'url',
  ]);
});

it('takes a variable that is empty for one that is not set', () => {
  const env = Object.fromEntries(Object.values(settings).map((one) => [one.name, '']));
  expect(readSettings(env)).toEqual(readSettings({}));
});

it.each([
  ['ROLLBOOK_HOME', '/data/roll book', 'home', '/data/roll book'],
  ['ROLLBOOK_PORT', '0', 'port', 0],
  ['ROLLBOOK_PORT', '65535', 'port', 65535],
  ['ROLLBOOK_HOST', '::1', 'host', '::1'],
  ['ROLLBOOK_LOG', 'debug', 'log', 'debug'],
  ['DATABASE_URL', 'postgres://u:p@h:5432/d?sslmode=require', 'database', 'postgres://u:p@h:5432/d?sslmode=require'],
  ['ROLLBOOK_SCHEMA_DATABASE_URL', 'postgresql:///d', 'schemaDatabase', 'postgresql:///d'],
  ['KAFKA_BROKERS', ' a:9092 , b.example:19092,', 'kafkaBrokers', ['a:9092', 'b.example:19092']],
  ['ROLLBOOK_KAFKA_MECHANISM', 'plain', 'kafkaMechanism', 'plain'],
  ['ROLLBOOK_FOLLOWERS', 'receiver,projector', 'followers', ['receiver', 'projector']],
  ['ROLLBOOK_AUTH', 'token', 'auth', 'token'],
  ['ROLLBOOK_URL', 'https://rollbook.example:8443/prefix', 'url', 'https://rollbook.example:8443/prefix'],
  ['ROLLBOOK_ALLOW_HTTP', 'yes', 'allowHttp', true],
  ['ROLLBOOK_ALLOW_HTTP', '0', 'allowHttp', false],
  ['ROLLBOOK_SITE', 'eu-1.a', 'site', 'eu-1.a'],
])('reads %s=%s', (variable, raw, key, value) => {
  expect(readSettings({ [variable]: raw })).toEqual({ ...readSettings({}), [key]: value });
});

it.each([
  ['ROLLBOOK_PORT', ['65536', '-1', '7420.5', '7420 ', '0x10', '1e3', 'seven', '7420\n'], 'must be a whole number from 0 to 65535'],
  ['ROLLBOOK_OBSERVE_SECONDS', ['0', '86401'], 'must be a whole number from 1 to 86400'],
  ['ROLLBOOK_KAFKA_REPLICATION', ['0', '10'], 'must be a whole number from 1 to 9'],
  ['ROLLBOOK_LOG', ['INFO', 'trace', 'toString'], 'must be one of: debug, info, warn, error'],
  ['ROLLBOOK_AUTH', ['none', 'Loopback'], 'must be one of: loopback, token'],
  ['ROLLBOOK_ALLOW_HTTP', ['YES', 'on', ' yes'], 'must be yes or no'],
  ['DATABASE_URL', ['mysql://u:p@h/d', 'h:5432/d', ' ', 'postgres://h:port/d'], 'must be an address starting with postgres:// or postgresql://'],
  ['ROLLBOOK_URL', ['ftp://h', 'h:7420', 'http://', 'javascript:alert(1)'], 'must be an address starting with http:// or https://'],
  ['KAFKA_BROKERS', ['h', 'h:', 'http://h:1', 'h:123456'], 'entry 1 must be host:port'],
  ['ROLLBOOK_FOLLOWERS', ['Projector', 'projectors'], 'entry 1 must be one of projector, publisher, conductor, receiver'],
  ['ROLLBOOK_FOLLOWERS', [',', ' , '], 'must hold at least one entry: one of projector, publisher, conductor, receiver'],
  ['ROLLBOOK_SITE', ['Local', '-a', 'a b', '../x', 'a'.repeat(64)], 'must be lower-case letters, digits, dots and dashes'],
  ['ROLLBOOK_AGENT', ['a/b', 'ä'], 'must be lower-case letters, digits, dots and dashes'],
])('refuses %s of %j', (variable, raws, problem) => {
  for (const raw of raws) expect([raw, problemsOf({ [variable]: raw })]).toEqual([raw, [`${variable} ${problem}`]]);
});

it('refuses a name that is no setting, whatever its value: it is a misspelt one', () => {
  expect(problemsOf({ ROLLBOOK_PROT: '7421', ROLLBOOK_: '', ROLLBOOK_home: '/x' })).toEqual([
    'ROLLBOOK_PROT is not a setting', 'ROLLBOOK_ is not a setting', 'ROLLBOOK_home is not a setting',
  ]);
  expect(problemsOf({ PATH: '/bin', ROLLBOOKS: 'x', ROLLBOOK_TEST_SEED: '1' })).toEqual([]);
});

it('refuses half of what is needed to sign in to Kafka', () => {
  const problem = 'ROLLBOOK_KAFKA_USERNAME and ROLLBOOK_KAFKA_PASSWORD_FILE go together';
  expect(problemsOf({ ROLLBOOK_KAFKA_USERNAME: 'rollbook' })).toEqual([problem]);
  expect(problemsOf({ ROLLBOOK_KAFKA_PASSWORD_FILE: '/run/secrets/kafka' })).toEqual([problem]);
  expect(problemsOf({ ROLLBOOK_KAFKA_USERNAME: 'rollbook', ROLLBOOK_KAFKA_PASSWORD_FILE: '/run/secrets/kafka' })).toEqual([]);
});

it('names all that is wrong at once, and never a value', () => {
  const value = 'hunter2';
  const isItself = (name: string) => problemsOf({ [name]: `${value} \0` }).some((problem) => problem.startsWith(`${name} must`));
  const wrong = Object.values(settings).map((one) => one.name).filter(isItself);
  expect(wrong.length).toBeGreaterThan(12);
  const env = Object.fromEntries([...wrong, 'ROLLBOOK_SECRET'].map((name) => [name, `${value} \0`]));
  expect(() => readSettings(env)).toThrow(ConfigError);
  expect(problemsOf(env).map((problem) => problem.replace(/ .*/, '')).sort()).toEqual([...wrong, 'ROLLBOOK_SECRET'].sort());
  expect(new ConfigError(problemsOf(env)).message).not.toContain(value);
});

it('keeps addresses with passwords in them secret', () => {
  const secret = Object.values(settings).filter((one) => one.secret).map((one) => one.name);
  expect(secret).toEqual(['DATABASE_URL', 'ROLLBOOK_SCHEMA_DATABASE_URL']);
});
