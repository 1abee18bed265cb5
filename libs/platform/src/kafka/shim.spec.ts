import { createRequire } from 'node:module';
import { checkVersion, patchKafkajs } from './shim.js';

describe('patchKafkajs', () => {
  const require = createRequire(import.meta.url);
  const prototypeOf = (path: string) => (require(path) as { prototype: object }).prototype;

  it('fits the installed kafkajs, and is done once only', () => {
    const folders = ['network/connection', 'network/requestQueue', 'consumer/consumerGroup', 'cluster/brokerPool'];
    const parts = folders.map((folder) => `kafkajs/src/${folder}`);
    const before = parts.map((path) => Object.getOwnPropertyDescriptors(prototypeOf(path)));
    patchKafkajs();
    const once = parts.map((path) => Object.getOwnPropertyDescriptors(prototypeOf(path)));
    for (const [at, part] of once.entries()) expect(part).not.toEqual(before[at]);
    patchKafkajs();
    expect(parts.map((path) => Object.getOwnPropertyDescriptors(prototypeOf(path)))).toEqual(once);
  });

  it('refuses another version', () => {
    expect(() => checkVersion('2.2.4')).not.toThrow();
    expect(() => checkVersion('2.3.0')).toThrow(
      'kafkajs 2.3.0 is installed; its patches were made for 2.2.4',
    );
  });
});
