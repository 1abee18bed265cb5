import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkBroker, KafkaSender } from '../../../libs/platform/src/kafka/index.js';
import type { KafkaTls } from '../../../libs/platform/src/kafka/index.js';
import { describeWithKafka, keepingLogger, newTopicWith } from '../../support/kafka.js';

const dir = mkdtempSync(join(tmpdir(), 'rollbook-tls-'));
const haveOpenssl = spawnSync('openssl', ['version']).status === 0;
const file = (name: string) => join(dir, name);
const pem = (name: string) => readFileSync(file(name), 'utf8');
const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'ignore' });

/** An authority with certificates for a broker at 127.0.0.1 and a client, and one that signed nothing. */
function makeCertificates(): void {
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  for (const name of ['ca', 'stranger']) {
    openssl(
      'req',
      '-x509',
      ...fresh,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    );
  }
  writeFileSync(file('names'), 'subjectAltName=IP:127.0.0.1');
  for (const name of ['broker', 'client']) {
    openssl('req', ...fresh, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    const signed = [
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      'names',
    ];
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.crt`, ...signed);
  }
  writeFileSync(file('keystore.pem'), pem('broker.key') + pem('broker.crt'));
}
if (haveOpenssl) makeCertificates();
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const broker = {
  listener: 'SSL' as const,
  properties: {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': file('keystore.pem'),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': file('ca.crt'),
    'ssl.client.auth': 'required',
  },
};
const lacks = haveOpenssl ? {} : { lacks: 'openssl' };

describeWithKafka('Kafka over TLS', { own: true, broker, ...lacks }, (kafka) => {
  const few = { retries: 1, firstPauseMs: 20, maxPauseMs: 20 };
  const withTls = (tls: KafkaTls) => ({ ...kafka.settings, tls });
  const known = () => ({ ca: pem('ca.crt'), cert: pem('client.crt'), key: pem('client.key') });
  const opening = async (tls: KafkaTls) => {
    const sender = new KafkaSender({
      settings: withTls(tls),
      logger: keepingLogger(),
      sendRetry: few,
      requestRetry: few,
    });
    await sender.open().finally(() => sender.close());
  };

  it('sends to a broker whose authority is known, with a certificate of its own', async () => {
    const settings = withTls(known());
    expect(await checkBroker(settings)).toEqual([{ address: kafka.brokers }]);
    const topic = await newTopicWith(settings);
    const sender = new KafkaSender({ settings, logger: keepingLogger() });
    expect(await sender.send([{ topic, key: 'one', value: Buffer.from('a') }])).toHaveLength(1);
    await sender.close();
  });

  it('trusts no broker of another authority or another name', async () => {
    await expect(opening({ ...known(), ca: pem('stranger.crt') })).rejects.toThrow('cannot be reached');
    await expect(opening({ ...known(), servername: 'kafka.example' })).rejects.toThrow('cannot be reached');
    const { cert, key } = known();
    await expect(checkBroker(withTls({ cert, key }))).rejects.toThrow(/certificate/);
  });

  it('is refused without a certificate, and without TLS', async () => {
    await expect(opening({ ca: pem('ca.crt') })).rejects.toThrow('cannot be reached');
    await expect(checkBroker(kafka.settings)).rejects.toThrow(/No Kafka broker answers: /);
  });
});
