#!/usr/bin/env node
// npm run kafka: a real Apache Kafka on this machine for development, one broker without replicas.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { prepare } from './prepare.mjs';

try {
  const { values } = parseArgs({
    options: { version: { type: 'string', default: '4.4.0' }, port: { type: 'string', default: '9092' }, dir: { type: 'string' } },
  });
  await prepare();
  const { startKafkaBroker } = await import('../dist/libs/platform/src/index.js');
  const home = process.env.ROLLBOOK_HOME || fileURLToPath(new URL('../.rollbook', import.meta.url));
  const dir = values.dir ?? join(home, `kafka-${values.version}`);
  process.stdout.write(`Starting Apache Kafka ${values.version} (brought from Maven Central the first time) ...\n`);
  const broker = await startKafkaBroker({ dir, version: values.version, port: Number(values.port) });
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      void broker.stop().then(() => process.exit(0));
    });
  }
  process.stdout.write(`Kafka is ready at ${broker.brokers}; its data is in ${dir}. Ctrl-C ends it. In another terminal:\n`);
  process.stdout.write(`  KAFKA_BROKERS=${broker.brokers} npm start\n`);
} catch (error) {
  process.stderr.write(`rollbook: ${error.message}\n`);
  process.exit(1);
}
