import { SettingProblem, flag, integer, list, oneOf, text, textOr, url } from './settings.js';
import type { Setting } from './settings.js';

const name = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/;
export const followerNames = ['projector', 'publisher', 'conductor', 'receiver'] as const;

/** Every variable that any process of Rollbook reads. Nothing else is read from the environment. */
export const settings = {
  home: text('ROLLBOOK_HOME', 'Directory where data, keys and logs live.', { defaultText: '.rollbook in the checkout' }),
  port: integer('ROLLBOOK_PORT', 'Port of the HTTP API.', 7420, 0, 65535),
  host: textOr('ROLLBOOK_HOST', 'Address the HTTP API listens on.', '127.0.0.1'),
  log: oneOf('ROLLBOOK_LOG', 'Least important log lines that are written.', ['debug', 'info', 'warn', 'error'], 'info'),
  database: url('DATABASE_URL', 'PostgreSQL for the service, as a role that may append and read.', ['postgres', 'postgresql'], {
    secret: true,
    defaultText: 'npm start brings its own',
  }),
  schemaDatabase: url(
    'ROLLBOOK_SCHEMA_DATABASE_URL',
    'PostgreSQL for `rollbook schema apply`, as a role that may create roles and schemas.',
    ['postgres', 'postgresql'],
    { secret: true, defaultText: 'DATABASE_URL' },
  ),
  kafkaBrokers: list('KAFKA_BROKERS', 'Kafka brokers, host:port, separated by commas. Without it agents pull over HTTPS.', {
    item: /^[^\s:/]+:\d{1,5}$/,
    itemAbout: 'host:port',
  }),
  kafkaUsername: text('ROLLBOOK_KAFKA_USERNAME', 'SASL user name for Kafka.'),
  kafkaPasswordFile: text('ROLLBOOK_KAFKA_PASSWORD_FILE', 'File that holds the SASL password for Kafka.'),
  kafkaMechanism: oneOf('ROLLBOOK_KAFKA_MECHANISM', 'SASL mechanism for Kafka.', ['plain', 'scram-sha-256', 'scram-sha-512'], 'scram-sha-512'),
  kafkaCaFile: text('ROLLBOOK_KAFKA_CA_FILE', 'PEM file of the authority that signed the brokers; turns TLS on.'),
  kafkaReplication: integer('ROLLBOOK_KAFKA_REPLICATION', 'Replication factor of topics that Rollbook creates.', 1, 1, 9),
  kafkaPartitions: integer('ROLLBOOK_KAFKA_PARTITIONS', 'Partitions of topics that Rollbook creates; never changed afterwards.', 12, 1, 500),
  followers: list('ROLLBOOK_FOLLOWERS', 'Followers that this worker runs.', {
    item: new RegExp(`^(${followerNames.join('|')})$`),
    itemAbout: `one of ${followerNames.join(', ')}`,
    default: [...followerNames],
  }),
  workerPort: integer('ROLLBOOK_WORKER_PORT', 'Port of the worker for liveness and metrics, on ROLLBOOK_HOST; 0 turns it off.', 0, 0, 65535),
  auth: oneOf('ROLLBOOK_AUTH', 'Who may call the API: anybody on this machine, or holders of a token.', ['loopback', 'token'], 'loopback'),
  tokensFile: text('ROLLBOOK_TOKENS_FILE', 'File of API tokens: one a line, SHA-256 of the token, actor reference, role.'),
  tokenFile: text('ROLLBOOK_TOKEN_FILE', 'File that holds the token this command line sends.'),
  tlsCertFile: text('ROLLBOOK_TLS_CERT_FILE', 'PEM certificate of the HTTP API; turns HTTPS on.'),
  tlsKeyFile: text('ROLLBOOK_TLS_KEY_FILE', 'PEM key of the HTTP API.'),
  caFile: text('ROLLBOOK_CA_FILE', 'PEM file of the authority that signed the API, for agents and the command line.'),
  url: url('ROLLBOOK_URL', 'Address of the API, for agents and the command line.', ['http', 'https'], {
    defaultText: 'http://127.0.0.1:ROLLBOOK_PORT',
  }),
  serviceKeyFile: text('ROLLBOOK_SERVICE_KEY_FILE', 'Private key (PEM, Ed25519) that signs orders; only the worker reads it.', {
    defaultText: 'keys/service.pem under ROLLBOOK_HOME',
  }),
  servicePublicKeyFile: text('ROLLBOOK_SERVICE_PUBLIC_KEY_FILE', 'Public key (PEM) that agents check orders with.', {
    defaultText: 'keys/service.pub.pem under ROLLBOOK_HOME',
  }),
  enrolmentTokenFile: text('ROLLBOOK_ENROLMENT_TOKEN_FILE', 'File of the secret that lets an agent enrol its key.', {
    defaultText: 'keys/enrolment.token under ROLLBOOK_HOME',
  }),
  catalog: text('ROLLBOOK_CATALOG', 'Directory of product catalogues and runbooks.', { defaultText: 'catalog in the checkout' }),
  artifacts: text('ROLLBOOK_ARTIFACTS', 'Where an agent fetches release artifacts: a directory or an http(s) address, then the product.', {
    defaultText: 'dist in the checkout',
  }),
  site: text('ROLLBOOK_SITE', 'Site that an agent serves.', { default: 'local' }),
  agent: text('ROLLBOOK_AGENT', 'Name of an agent, unique in its site.', { default: 'agent-1' }),
  agentState: text('ROLLBOOK_AGENT_STATE', 'Directory of an agent: journal, key, command output.', {
    defaultText: 'agents/<site>/<agent> under ROLLBOOK_HOME',
  }),
  nodesFile: text('ROLLBOOK_NODES_FILE', 'YAML file of the nodes that an agent serves.'),
  observeSeconds: integer('ROLLBOOK_OBSERVE_SECONDS', 'How often an agent observes version and health of its nodes.', 300, 1, 86400),
  agentPort: integer('ROLLBOOK_AGENT_PORT', 'Port of an agent for liveness and metrics, on ROLLBOOK_HOST; 0 turns it off.', 0, 0, 65535),
  allowHttp: flag('ROLLBOOK_ALLOW_HTTP', 'Lets an agent or the command line use plain HTTP beyond this machine.'),
} as const;

export type Settings = { [K in keyof typeof settings]: (typeof settings)[K] extends Setting<infer T> ? T : never };

/** Raised at start when the environment is unusable; names variables and never prints values. */
export class ConfigError extends Error {
  constructor(readonly problems: string[]) {
    super(`The environment cannot be used: ${problems.join('; ')}. All variables are in docs/configuration.md.`);
    this.name = 'ConfigError';
  }
}

/** Reads and checks the environment once. An unknown ROLLBOOK_* name stops the start: it is a misspelt setting. */
export function readSettings(env: Record<string, string | undefined> = process.env): Settings {
  const problems: string[] = [];
  const known = new Set<string>(Object.values(settings).map((one) => one.name));
  for (const key of Object.keys(env)) {
    if (key.startsWith('ROLLBOOK_') && !known.has(key) && !key.startsWith(testPrefix)) problems.push(`${key} is not a setting`);
  }
  const values: Record<string, unknown> = {};
  for (const [key, one] of Object.entries(settings)) {
    try {
      values[key] = one.read(env[one.name]);
    } catch (error) {
      if (!(error instanceof SettingProblem)) throw error;
      problems.push(`${one.name} ${error.message}`);
    }
  }
  const read = values as Settings;
  for (const [label, value] of [['ROLLBOOK_SITE', read.site], ['ROLLBOOK_AGENT', read.agent]] as const) {
    if (value !== undefined && !name.test(value)) problems.push(`${label} must be lower-case letters, digits, dots and dashes`);
  }
  // Half of it would mean to sign in to Kafka as nobody, without a word.
  if ((read.kafkaUsername === undefined) !== (read.kafkaPasswordFile === undefined)) {
    problems.push('ROLLBOOK_KAFKA_USERNAME and ROLLBOOK_KAFKA_PASSWORD_FILE go together');
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return read;
}

/** Whether a variable of the environment has a value. */
export function isSet(name: string, env: Record<string, string | undefined> = process.env): boolean {
  return (env[name] ?? '') !== '';
}

// Test programs share the environment of the processes that they start.
const testPrefix = 'ROLLBOOK_TEST_';
