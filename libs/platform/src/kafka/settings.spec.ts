import { checkSettings, splitAddress, tlsOptions } from './settings.js';
import type { KafkaSasl, KafkaSettings } from './settings.js';

const sound: KafkaSettings = { clientId: 'test', brokers: ['kafka-1:9092', '10.0.0.2:9092'] };

describe('Kafka settings', () => {
  it('accepts addresses, TLS and credentials', () => {
    const sasl: KafkaSasl = { mechanism: 'scram-sha-512', username: 'site-a', password: 'secret' };
    expect(() => checkSettings({ ...sound, tls: {}, sasl })).not.toThrow();
  });

  it('names everything that is wrong at once and no secret', () => {
    const bad = {
      clientId: ' ',
      brokers: ['kafka', 'kafka:0', 'kafka:70000', '[::1]:9092', 'http://kafka:9092'],
      tls: { cert: 'PEM' },
      sasl: { mechanism: 'gssapi', username: '', password: 'hunter2' } as unknown as KafkaSasl,
    };
    expect(() => checkSettings(bad)).toThrow(
      'Kafka settings: clientId is empty; "kafka" is not host:port; "kafka:0" is not host:port; ' +
        '"kafka:70000" is not host:port; "[::1]:9092" is not host:port; ' +
        '"http://kafka:9092" is not host:port; ' +
        'tls.cert and tls.key go together; ' +
        'sasl.mechanism is not one of plain, scram-sha-256, scram-sha-512; ' +
        'sasl.username and sasl.password are needed',
    );
    expect(() => checkSettings({ ...sound, brokers: [] })).toThrow('brokers is empty');
  });

  it('splits an address', () => {
    expect(splitAddress('kafka.example:9092')).toEqual({ host: 'kafka.example', port: 9092 });
  });

  it('always checks the certificate, for the host name or the name that is given', () => {
    expect(tlsOptions({}, 'kafka.example')).toEqual({
      servername: 'kafka.example',
      rejectUnauthorized: true,
    });
    expect(tlsOptions({ servername: 'other' }, 'kafka.example').servername).toBe('other');
    expect(tlsOptions({ ca: 'PEM' }, '10.0.0.2')).toEqual({ ca: 'PEM', rejectUnauthorized: true });
  });
});
