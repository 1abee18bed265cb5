import { isIP } from 'node:net';

/** Present, even when empty, means TLS; without `ca` the system's authorities decide. All texts are PEM. */
export interface KafkaTls {
  ca?: string;
  cert?: string;
  key?: string;
  servername?: string;
}

export interface KafkaSasl {
  mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  username: string;
  password: string;
}

export interface KafkaSettings {
  clientId: string;
  /** host:port of some brokers of the cluster; the others are learned from them. */
  brokers: string[];
  tls?: KafkaTls;
  sasl?: KafkaSasl;
}

/** How often a failed step is tried again, in milliseconds and with doubling pauses. */
export interface RetryBounds {
  retries: number;
  firstPauseMs: number;
  maxPauseMs: number;
}

const mechanisms: string[] = ['plain', 'scram-sha-256', 'scram-sha-512'] satisfies KafkaSasl['mechanism'][];

/** Throws one error that names everything wrong with the settings; never repeats a password or a key. */
export function checkSettings(settings: KafkaSettings): void {
  const wrong: string[] = [];
  if (settings.clientId.trim() === '') wrong.push('clientId is empty');
  if (settings.brokers.length === 0) wrong.push('brokers is empty');
  for (const address of settings.brokers) {
    try {
      splitAddress(address);
    } catch (error) {
      wrong.push((error as Error).message);
    }
  }
  const { tls, sasl } = settings;
  if (tls && (tls.cert === undefined) !== (tls.key === undefined))
    wrong.push('tls.cert and tls.key go together');
  if (sasl && !mechanisms.includes(sasl.mechanism))
    wrong.push(`sasl.mechanism is not one of ${mechanisms.join(', ')}`);
  if (sasl && (sasl.username === '' || sasl.password === ''))
    wrong.push('sasl.username and sasl.password are needed');
  if (wrong.length > 0) throw new Error(`Kafka settings: ${wrong.join('; ')}`);
}

/**
 * Splits host:port. An IPv6 address is refused, because kafkajs 2.2.4 cuts at the first colon
 * (src/cluster/connectionPoolBuilder.js).
 */
export function splitAddress(address: string): { host: string; port: number } {
  const [, host, digits] = /^([^:[\]\s]+):(\d{1,5})$/.exec(address) ?? [];
  const port = Number(digits);
  if (host === undefined || !(port >= 1 && port <= 65_535)) throw new Error(`"${address}" is not host:port`);
  return { host, port };
}

/** Options for `tls.connect`; the certificate must name the host or address, or `servername` if given. */
export function tlsOptions(tls: KafkaTls, host: string): KafkaTls & { rejectUnauthorized: true } {
  return { ...(isIP(host) === 0 ? { servername: host } : {}), ...tls, rejectUnauthorized: true };
}
